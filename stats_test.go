package webrtc

import (
	"encoding/json"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc/internal/simnet"
	"github.com/parleyrtc/webrtc/pkg/rtcerr"
)

// ofType returns the objects of a type.
func ofType[S Stats](r StatsReport) []S {
	var out []S
	for _, id := range slices.Sorted(maps.Keys(r)) {
		if s, ok := r[id].(S); ok {
			out = append(out, s)
		}
	}
	return out
}

// theOnly returns the only object of a type.
func theOnly[S Stats](w *world, r StatsReport) (s S) {
	w.Helper()
	all := ofType[S](r)
	if len(all) != 1 {
		w.Fatalf("%d objects of %T, want one", len(all), s)
	}
	return all[0]
}

// member reads a field that all objects have.
func member[V any](s Stats, name string) V {
	return reflect.ValueOf(s).FieldByName(name).Interface().(V)
}

// wantSound checks what holds for each report: ids are keys, times are those of the
// report, references lead to objects of the type that their names say.
func (w *world) wantSound(r StatsReport) {
	w.Helper()
	types := map[string][]StatsType{
		"transportId": {StatsTypeTransport}, "codecId": {StatsTypeCodec},
		"localCandidateId": {StatsTypeLocalCandidate}, "remoteCandidateId": {StatsTypeRemoteCandidate},
		"selectedCandidatePairId": {StatsTypeCandidatePair},
		"localCertificateId":      {StatsTypeCertificate}, "remoteCertificateId": {StatsTypeCertificate}, "issuerCertificateId": {StatsTypeCertificate},
		"remoteId":      {StatsTypeRemoteInboundRTP, StatsTypeRemoteOutboundRTP},
		"localId":       {StatsTypeInboundRTP, StatsTypeOutboundRTP},
		"mediaSourceId": {StatsTypeMediaSource}, "playoutId": {StatsTypeMediaPlayout},
	}
	var at StatsTimestamp
	for id, s := range r {
		if member[string](s, "ID") != id {
			w.Errorf("%T has ID %q and stands under %q", s, member[string](s, "ID"), id)
		}
		kind := member[StatsType](s, "Type")
		stamp := member[StatsTimestamp](s, "Timestamp")
		if kind == StatsTypeRemoteInboundRTP || kind == StatsTypeRemoteOutboundRTP {
			if now := statsTime(time.Now()); stamp <= 0 || stamp > now {
				w.Errorf("%s is of %v, now it is %v", id, stamp, now)
			}
		} else if at == 0 {
			at = stamp
		} else if at != stamp {
			w.Errorf("%s is of %v, others are of %v", id, stamp, at)
		}
		v := reflect.ValueOf(s)
		for i := range v.NumField() {
			name := v.Type().Field(i).Tag.Get("json")
			want, ok := types[name]
			if !ok || v.Field(i).Len() == 0 {
				continue
			}
			to, ok := r[v.Field(i).String()]
			if !ok {
				w.Errorf("%s: %s %q leads nowhere", id, name, v.Field(i).String())
			} else if got := member[StatsType](to, "Type"); !slices.Contains(want, got) {
				w.Errorf("%s: %s leads to %s, want %s", id, name, got, want)
			}
		}
	}
}

// statsCall is a call with audio, video and a channel in both directions, over a
// path that loses packets.
func statsCall(w *world) (a, b *peer, video *source) {
	w.net.SetDefaultPath(simnet.Path{Delay: 50 * time.Millisecond, Loss: 0.02})
	a, b = w.peer("a", simnet.Addrs("192.0.2.1")), w.peer("b", simnet.Addrs("192.0.2.2"))
	w.signal(a, b, fixed(50*time.Millisecond))
	a.sinks(0)
	b.sinks(0)
	d := a.channel("chat", nil)
	d.OnOpen(func() { a.check(d.SendText("hello"), "SendText") })
	video, _ = a.source(MimeTypeVP8, "camera")
	audio, _ := a.source(MimeTypeOpus, "microphone")
	back, _ := b.source(MimeTypeVP8, "other")
	a.negotiates(b, 50*time.Millisecond)
	w.within(30*time.Second, "b hears a", b.got("hello"))
	together(500, 20*time.Millisecond, video, audio, back)
	time.Sleep(6 * time.Second)
	// Nobody asks for the last packet if that is lost.
	w.net.SetDefaultPath(simnet.Path{Delay: 50 * time.Millisecond})
	together(10, 20*time.Millisecond, video, audio, back)
	time.Sleep(2 * time.Second)
	return a, b, video
}

// webrtc-stats: the objects that exist are in the report, their references are
// consistent, and what both sides say of one thing agrees.
func TestVirtualStats(t *testing.T) {
	inWorld(t, 7, func(w *world) {
		a, b, video := statsCall(w)
		ra, rb := a.GetStats(), b.GetStats()
		w.wantSound(ra)
		w.wantSound(rb)
		checkMediaStats(w, ra, rb, video)
		checkTransportStats(w, ra, rb)
		checkDataStats(w, ra, rb)
		later := a.GetStats()
		for id := range ra {
			if later[id] == nil {
				w.Errorf("%s is gone in the next report", id)
			}
		}
		checkSelectors(w, a, b, ra)

		if err := a.Close(); err != nil {
			w.Fatal(err)
		}
		// webrtc-pc §8.2 has no step that asks whether the connection is closed.
		closed := a.GetStats()
		w.wantSound(closed)
		if s, ok := closed.GetConnectionStats(a.PeerConnection); !ok || s.DataChannelsOpened != 1 || s.DataChannelsClosed != 1 {
			w.Errorf("after Close: %+v, want one channel that was opened and closed", s)
		}
		if s := ofType[TransportStats](closed); len(s) != 1 || s[0].BytesSent < theOnly[TransportStats](w, ra).BytesSent || s[0].DTLSState != DTLSTransportStateClosed {
			w.Errorf("after Close: %+v", s)
		}
	})
}

func checkMediaStats(w *world, ra, rb StatsReport, video *source) {
	w.Helper()
	var out OutboundRTPStreamStats
	for _, s := range ofType[OutboundRTPStreamStats](ra) {
		if s.Kind == "video" {
			out = s
		}
	}
	var in InboundRTPStreamStats
	for _, s := range ofType[InboundRTPStreamStats](rb) {
		if s.SSRC == out.SSRC {
			in = s
		}
	}
	n := uint32(video.next)
	switch {
	case len(ofType[OutboundRTPStreamStats](ra)) != 2, len(ofType[InboundRTPStreamStats](ra)) != 1:
		w.Errorf("a has %d streams out and %d in, want 2 and 1", len(ofType[OutboundRTPStreamStats](ra)), len(ofType[InboundRTPStreamStats](ra)))
	case out.PacketsSent != n+uint32(out.RetransmittedPacketsSent), out.BytesSent != uint64(n)*100+out.RetransmittedBytesSent, out.FramesSent != n:
		w.Errorf("of %d packets with 100 bytes: %+v", n, out)
	case out.RetransmittedPacketsSent == 0, out.NACKCount == 0, in.NACKCount < out.NACKCount:
		w.Errorf("losses were not repaired: %+v, %+v", out, in)
	case in.FramesReceived != n, in.PacketsReceived < n, in.PacketsReceived > out.PacketsSent, in.BytesReceived > out.BytesSent:
		w.Errorf("%d packets were sent, received are %+v", n, in)
	case in.PacketsRepaired == 0, in.RetransmittedPacketsReceived < uint64(in.PacketsRepaired), in.RTXSSRC != out.RTXSSRC:
		w.Errorf("repairs: %+v of %+v", in, out)
	case in.Mid != out.Mid, in.TrackIdentifier != "camera", out.EncodingIndex != 0, !out.Active:
		w.Errorf("%+v of %+v", in, out)
	}
	codec, _ := ra[out.CodecID].(CodecStats)
	if codec.MimeType != MimeTypeVP8 || codec.ClockRate != 90000 || codec.CodecType != CodecTypeEncode {
		w.Errorf("codec %+v", codec)
	}
	if source, ok := ra[out.MediaSourceID].(VideoSourceStats); !ok || source.TrackIdentifier != "camera" {
		w.Errorf("source %+v", source)
	}
	report, ok := ra[out.RemoteID].(RemoteInboundRTPStreamStats)
	if !ok || report.LocalID != out.ID || report.RoundTripTimeMeasurements == 0 || report.RoundTripTime < 0.099 || report.RoundTripTime > 0.102 ||
		report.TotalRoundTripTime < 0.099*float64(report.RoundTripTimeMeasurements) {
		w.Errorf("b reports %+v, the round trip takes 100 ms", report)
	}
	if lost := int32(n) - int32(report.PacketsReceived); report.PacketsLost != lost && report.PacketsReceived != n {
		w.Errorf("b reports %d packets lost and %d received of %d", report.PacketsLost, report.PacketsReceived, n)
	}
	sent, ok := rb[in.RemoteID].(RemoteOutboundRTPStreamStats)
	if !ok || sent.LocalID != in.ID || sent.ReportsSent == 0 || sent.PacketsSent == 0 || sent.PacketsSent > n || sent.RemoteTimestamp == 0 ||
		sent.RoundTripTimeMeasurements == 0 || sent.RoundTripTime < 0.099 || sent.RoundTripTime > 0.102 || sent.TotalRoundTripTime < sent.RoundTripTime {
		w.Errorf("a reports %+v, the round trip takes 100 ms", sent)
	}
}

func checkTransportStats(w *world, ra, rb StatsReport) {
	w.Helper()
	ta, tb := theOnly[TransportStats](w, ra), theOnly[TransportStats](w, rb)
	pa, _ := ra[ta.SelectedCandidatePairID].(ICECandidatePairStats)
	pb, _ := rb[tb.SelectedCandidatePairID].(ICECandidatePairStats)
	switch {
	case ta.ICERole != ICERoleControlling, tb.ICERole != ICERoleControlled, ta.DTLSRole == tb.DTLSRole:
		w.Errorf("roles: %+v, %+v", ta, tb)
	case ta.TLSVersion != "FEFD", ta.DTLSCipher == "", ta.DTLSCipher != tb.DTLSCipher, ta.SRTPCipher == "", ta.SRTPCipher != tb.SRTPCipher:
		w.Errorf("ciphers: %+v, %+v", ta, tb)
	case ta.ICEState != ICETransportStateConnected && ta.ICEState != ICETransportStateCompleted, ta.DTLSState != DTLSTransportStateConnected:
		w.Errorf("states: %+v", ta)
	case ta.RemoteCertificateID != tb.LocalCertificateID, tb.RemoteCertificateID != ta.LocalCertificateID:
		w.Errorf("certificates: %+v, %+v", ta, tb)
	case tb.PacketsReceived > ta.PacketsSent, tb.PacketsReceived < ta.PacketsSent*9/10, tb.BytesReceived > ta.BytesSent, tb.BytesReceived < ta.BytesSent*9/10:
		w.Errorf("a sends %d packets with %d bytes, b receives %d with %d", ta.PacketsSent, ta.BytesSent, tb.PacketsReceived, tb.BytesReceived)
	case pa.BytesSent != ta.BytesSent, pb.PacketsReceived != tb.PacketsReceived, ta.SelectedCandidatePairChanges == 0:
		w.Errorf("the only pair's %+v, the transport's %+v", pa, ta)
	case !pa.Nominated, pa.State != StatsICECandidatePairStateSucceeded, pa.ResponsesReceived == 0, pa.ConsentRequestsSent == 0:
		w.Errorf("pair %+v", pa)
	case pa.CurrentRoundTripTime < 0.099, pa.CurrentRoundTripTime > 0.101:
		w.Errorf("round trip %v, want 0.1", pa.CurrentRoundTripTime)
	case pa.LastPacketSentTimestamp == 0, pb.LastPacketReceivedTimestamp <= pa.LastPacketSentTimestamp-10_000:
		w.Errorf("times: %+v, %+v", pa, pb)
	}
	local, _ := ra[pa.LocalCandidateID].(ICECandidateStats)
	remote, _ := rb[pb.RemoteCandidateID].(ICECandidateStats)
	if local.Address != "192.0.2.1" || remote.Address != local.Address || remote.Port != local.Port || local.Protocol != "udp" || local.UsernameFragment != ta.ICELocalUsernameFragment {
		w.Errorf("a's candidate is %+v, to b it is %+v", local, remote)
	}
}

func checkDataStats(w *world, ra, rb StatsReport) {
	w.Helper()
	da, db := theOnly[DataChannelStats](w, ra), theOnly[DataChannelStats](w, rb)
	if da.Label != "chat" || db.Label != "chat" || da.State != DataChannelStateOpen || da.DataChannelIdentifier != db.DataChannelIdentifier ||
		da.MessagesSent != 1 || da.BytesSent != 5 || db.MessagesReceived != 1 || db.BytesReceived != 5 {
		w.Errorf("channels: %+v, %+v", da, db)
	}
	if c := theOnly[PeerConnectionStats](w, ra); c.DataChannelsOpened != 1 || c.DataChannelsClosed != 0 {
		w.Errorf("connection: %+v", c)
	}
}

func checkSelectors(w *world, a, b *peer, ra StatsReport) {
	w.Helper()
	sender := a.GetSenders()[0]
	mine, err := sender.GetStats()
	a.must(err, "GetStats")
	w.wantSound(mine)
	out := theOnly[OutboundRTPStreamStats](w, mine)
	if len(ofType[DataChannelStats](mine))+len(ofType[InboundRTPStreamStats](mine)) != 0 || mine[out.RemoteID] == nil || len(ofType[TransportStats](mine)) != 1 {
		w.Errorf("the sender's report has %d objects", len(mine))
	}
	byTrack, err := a.GetStatsForTrack(sender.Track())
	a.must(err, "GetStatsForTrack")
	if !slices.Equal(slices.Sorted(maps.Keys(byTrack)), slices.Sorted(maps.Keys(mine))) {
		w.Error("the track's report is not the sender's")
	}
	theirs, err := a.GetStatsForTrack(a.GetReceivers()[0].Track())
	a.must(err, "GetStatsForTrack")
	w.wantSound(theirs)
	theOnly[InboundRTPStreamStats](w, theirs)
	whole, err := a.GetStatsForTrack(nil)
	if err != nil || len(whole) != len(ra) {
		w.Errorf("nil selects %d objects of %d: %v", len(whole), len(ra), err)
	}
	var refused *rtcerr.InvalidAccessError
	if _, err = b.GetStatsForTrack(sender.Track()); !errors.As(err, &refused) {
		w.Errorf("another connection's track: %v, want InvalidAccessError", err)
	}
	_, err = a.AddTransceiverFromTrack(sender.Track())
	a.must(err, "AddTransceiverFromTrack")
	if _, err = a.GetStatsForTrack(sender.Track()); !errors.As(err, &refused) {
		w.Errorf("a track of two senders: %v, want InvalidAccessError", err)
	}
}

// A connection without any description has itself in its report, and what a program
// gave it.
func TestStatsOfNewConnection(t *testing.T) {
	pc, err := NewPeerConnection(Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	defer pc.Close()
	if r := pc.GetStats(); len(r) != 1 || member[StatsType](r[pc.ID()], "Type") != StatsTypePeerConnection {
		t.Errorf("report %v, want the connection alone", r)
	}
	track, err := NewTrackLocalStaticRTP(asVP8, "camera", "me")
	if err != nil {
		t.Fatal(err)
	}
	if _, err = pc.AddTrack(track); err != nil {
		t.Fatal(err)
	}
	if _, err = pc.CreateDataChannel("chat", nil); err != nil {
		t.Fatal(err)
	}
	r := pc.GetStats()
	if len(r) != 3 || len(ofType[VideoSourceStats](r)) != 1 {
		t.Errorf("report %v, want the connection, a source and a channel", r)
	}
	if b, err := json.Marshal(ofType[DataChannelStats](r)[0]); err != nil || strings.Contains(string(b), "dataChannelIdentifier") || !strings.Contains(string(b), `"state":"connecting"`) {
		t.Errorf("a channel without id is %s: %v", b, err)
	}
}
