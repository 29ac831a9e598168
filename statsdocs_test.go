package webrtc

import (
	"encoding/json"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// statsTable reads docs/statistics.md: what it says of each member of each struct.
func statsTable(t *testing.T) map[string]map[string]string {
	t.Helper()
	b, err := os.ReadFile("docs/statistics.md")
	if err != nil {
		t.Fatal(err)
	}
	tables := map[string]map[string]string{}
	var rows map[string]string
	_, text, _ := strings.Cut(string(b), "\n## ")
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutSuffix(strings.TrimPrefix(line, "`"), "`"); ok && line[0] == '`' {
			rows = map[string]string{}
			tables[name] = rows
		}
		if cells := strings.Split(line, " | "); len(cells) == 2 && line[:2] == "| " && !strings.Contains(line, "member |") {
			rows[strings.TrimPrefix(cells[0], "| ")] = strings.TrimSuffix(cells[1], " |")
		}
	}
	return tables
}

// jsonNames returns the names of a struct's members.
func jsonNames(s any) []string {
	var out []string
	v := reflect.TypeOf(s)
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Field(i).Tag.Get("json"), ",")
		out = append(out, name)
	}
	return out
}

// The table of the documentation, the structs and what reports have are in step.
func TestVirtualStatsTable(t *testing.T) {
	table := statsTable(t)
	if len(table) != 14 {
		t.Fatalf("the page has %d tables, want 14", len(table))
	}
	seen := map[string]map[string]bool{}
	inWorld(t, 3, func(w *world) {
		a, b, _ := statsCall(w)
		for _, p := range []*peer{a, b} {
			for id, s := range p.GetStats() {
				text, err := json.Marshal(s)
				p.must(err, "Marshal")
				members := map[string]any{}
				p.must(json.Unmarshal(text, &members), "Unmarshal")
				back, err := UnmarshalStatsJSON(text)
				if err != nil || !reflect.DeepEqual(back, s) {
					w.Errorf("%s was %+v, is %+v after JSON: %v", id, s, back, err)
				}
				name := reflect.TypeOf(s).Name()
				if seen[name] == nil {
					seen[name] = map[string]bool{}
				}
				fields := jsonNames(s)
				for member := range table[name] {
					if !slices.Contains(fields, member) {
						w.Errorf("%s has no field for %s", name, member)
					}
				}
				for member := range members {
					seen[name][member] = true
					if strings.HasPrefix(table[name][member], "no") {
						w.Errorf("%s: %s is %v, the page says: %s", name, member, members[member], table[name][member])
					}
				}
			}
		}
	})
	for name, rows := range table {
		if name == "AudioPlayoutStats" {
			continue // the program's own
		}
		for _, member := range slices.Sorted(maps.Keys(rows)) {
			if strings.HasPrefix(rows[member], "yes") && !seen[name][member] {
				t.Errorf("%s: %s is absent, the page says: %s", name, member, rows[member])
			}
		}
	}
}

// A report in JSON is an object with the objects under their IDs, each type has its
// struct, and what is no statistics is refused.
func TestUnmarshalStatsJSON(t *testing.T) {
	for _, s := range []Stats{
		CodecStats{Type: StatsTypeCodec}, InboundRTPStreamStats{Type: StatsTypeInboundRTP, Kind: "audio"},
		OutboundRTPStreamStats{Type: StatsTypeOutboundRTP}, RemoteInboundRTPStreamStats{Type: StatsTypeRemoteInboundRTP},
		RemoteOutboundRTPStreamStats{Type: StatsTypeRemoteOutboundRTP}, AudioSourceStats{Type: StatsTypeMediaSource, Kind: "audio"},
		VideoSourceStats{Type: StatsTypeMediaSource, Kind: "video"}, AudioPlayoutStats{Type: StatsTypeMediaPlayout},
		PeerConnectionStats{Type: StatsTypePeerConnection}, DataChannelStats{Type: StatsTypeDataChannel, DataChannelIdentifier: -1},
		TransportStats{Type: StatsTypeTransport}, ICECandidatePairStats{Type: StatsTypeCandidatePair},
		ICECandidateStats{Type: StatsTypeLocalCandidate, CandidateType: ICECandidateTypeHost}, ICECandidateStats{Type: StatsTypeRemoteCandidate, CandidateType: ICECandidateTypeRelay},
		CertificateStats{Type: StatsTypeCertificate}, SCTPTransportStats{Type: StatsTypeSCTPTransport},
		RTPContributingSourceStats{Type: StatsTypeCSRC}, MediaStreamStats{Type: StatsTypeStream},
		SenderAudioTrackAttachmentStats{Type: StatsTypeTrack, Kind: "audio"}, SenderVideoTrackAttachmentStats{Type: StatsTypeTrack, Kind: "video"},
		AudioSenderStats{Type: StatsTypeSender, Kind: "audio"}, VideoSenderStats{Type: StatsTypeSender, Kind: "video"},
		AudioReceiverStats{Type: StatsTypeReceiver, Kind: "audio"}, VideoReceiverStats{Type: StatsTypeReceiver, Kind: "video"},
	} {
		text, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := UnmarshalStatsJSON(text); err != nil || !reflect.DeepEqual(back, s) {
			t.Errorf("%s is read as %+v: %v", text, back, err)
		}
	}
	for _, bad := range []string{"", "{", `{"type":"weather"}`, `{"type":7}`, `{"type":"codec","clockRate":"fast"}`} {
		if s, err := UnmarshalStatsJSON([]byte(bad)); err == nil {
			t.Errorf("%q is read as %+v", bad, s)
		}
	}
	if text, err := json.Marshal(StatsReport{"x": CodecStats{ID: "x", Type: StatsTypeCodec}}); err != nil || !strings.HasPrefix(string(text), `{"x":{"timestamp":0,"type":"codec","id":"x"`) {
		t.Errorf("a report is %s: %v", text, err)
	}
}

// What plays a track is the program's to tell of.
func TestPlayoutStats(t *testing.T) {
	p := NewAudioPlayoutStatsProvider("speaker")
	if _, ok := p.Snapshot(time.Time{}); ok {
		t.Error("figures without a track")
	}
	if err := p.AddTrack(nil); err == nil {
		t.Error("nil is a track")
	}
	inWorld(t, 4, func(w *world) {
		a, b, _ := statsCall(w)
		if err := p.AddTrack(a.GetReceivers()[0].Track()); err == nil {
			w.Error("video is played as audio")
		}
		track := b.GetReceivers()[1].Track()
		b.must(track.SetPlayoutStats(p), "SetPlayoutStats")
		p.Update(AudioPlayoutStats{TotalSamplesCount: 960})
		r := b.GetStats()
		w.wantSound(r)
		s := theOnly[AudioPlayoutStats](w, r)
		if s.ID != "speaker" || s.TotalSamplesCount != 960 || s.Kind != "audio" {
			w.Errorf("playout %+v", s)
		}
		p.RemoveTrack(track)
		if all := ofType[AudioPlayoutStats](b.GetStats()); len(all) != 0 {
			w.Errorf("after RemoveTrack: %+v", all)
		}
	})
}
