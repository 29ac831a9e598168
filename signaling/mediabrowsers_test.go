package signaling

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/parleyrtc/webrtc/internal/codec"
	"github.com/parleyrtc/webrtc/sdp"
)

// Every recorded offer is answered: all sections of audio and video that use DTLS
// are accepted in their place, and what is in force is what both descriptions say.
func TestAnswerRealMediaOffers(t *testing.T) {
	names, err := filepath.Glob("../testdata/sdp/*.sdp")
	if err != nil || len(names) < 60 {
		t.Fatalf("%d descriptions, %v", len(names), err)
	}
	answered := 0
	for _, path := range names {
		name := filepath.Base(path)
		if strings.Contains(name, "answer") || name == "safari-18-data-video-excerpt.sdp" {
			continue // That excerpt has no ICE credentials.
		}
		t.Run(name, func(t *testing.T) {
			offer := recorded(t, name, Offer)
			if strings.Contains(name, "excerpt") {
				offer = without(t, offer, "a=group") // of sections that are left out
			}
			session, err := sdp.Parse(offer.SDP)
			if err != nil {
				t.Fatal(err)
			}
			a := newEndpoint(t, "Alice").withMedia()
			a.local.Data = false
			a.setRemote(offer)
			for _, tr := range a.world.transceivers {
				a.turn(tr, sdp.DirectionSendrecv)
				tr.StreamIDs = []string{"mine"}
			}
			a.refresh()
			a.setLocal(Description{})
			parsed, err := sdp.Parse(a.CurrentLocal().SDP)
			if err != nil {
				t.Fatal(err)
			}
			for i, m := range parsed.Media {
				if _, ok := mediaKind(session.Media[i]); ok {
					answered++
					wantAnswered(t, a, session, i, m)
				}
			}
			a.readAll()
			if a.NegotiationNeeded(a.local) {
				t.Error("needed after the answer")
			}
			// Our next offer keeps it all, with a section more.
			a.add(codec.Video, sdp.DirectionSendrecv)
			before := a.CurrentLocal()
			next := a.offer()
			wantSameNumbers(t, before, &next)
		})
	}
	if answered < 60 {
		t.Errorf("%d sections", answered)
	}
}

func wantAnswered(t *testing.T, a *endpoint, offer *sdp.Session, i int, m *sdp.Media) {
	t.Helper()
	offered := offer.Media[i]
	if m.IsRejected() != offered.IsRejected() {
		t.Errorf("section %d (%s %s): rejected %v", i, offered.Kind, offered.Proto, m.IsRejected())
	}
	if m.IsRejected() {
		return
	}
	if m.Proto != offered.Proto || m.Mid != offered.Mid || !m.RTCPMux || m.RTCPRsize != offered.RTCPRsize {
		t.Errorf("section %d: answered %+v", i, m)
	}
	if want := offer.EffectiveDirection(offered).Reverse(); m.Direction != want {
		t.Errorf("section %d: %s, want %s", i, m.Direction, want)
	}
	known := codecsOf(offered)
	for _, c := range codecsOf(m) {
		if !slices.ContainsFunc(known, func(k codec.Codec) bool { return sameNumber(k, c) }) {
			t.Errorf("section %d: %+v was not offered", i, c)
		}
		if apt, ok := c.Apt(); ok && !slices.Contains(m.Formats, decimal(int(apt))) {
			t.Errorf("section %d: %+v repairs nothing", i, c)
		}
	}
	for _, e := range m.Extmaps {
		if !slices.ContainsFunc(slices.Concat(offered.Extmaps, offer.Extmaps), func(o sdp.Extmap) bool { return o.ID == e.ID && o.URI == e.URI }) {
			t.Errorf("section %d: %+v was not offered", i, e)
		}
	}
	at := slices.IndexFunc(a.world.transceivers, func(tr *transceiver) bool { return tr.index == i })
	if at < 0 {
		t.Fatalf("section %d has no transceiver", i)
	}
	tr := a.world.transceivers[at]
	if offer.EffectiveDirection(offered).Sends() {
		if offered.Msids != nil && !slices.Equal(tr.msids, offered.Msids) {
			t.Errorf("section %d: msids %v", i, tr.msids)
		}
		for _, s := range offered.SSRCs {
			if !slices.ContainsFunc(tr.media.Sources, func(o Source) bool { return s.ID == o.SSRC || s.ID == o.RTX || s.ID == o.FEC }) {
				t.Errorf("section %d: SSRC %d is not in %+v", i, s.ID, tr.media.Sources)
			}
		}
		if sent := rids(offered, "send"); len(sent) != len(tr.media.ReceiveRIDs) {
			t.Errorf("section %d: RIDs %v", i, tr.media.ReceiveRIDs)
		}
	}
	if offered.Kind == "video" && len(tr.media.SendCodecs) < 1 || offered.Kind == "audio" && tr.media.SendCodecs[0].Name() == "" {
		t.Errorf("section %d: %+v", i, tr.media)
	}
}

// wantSameNumbers says that no payload type and no id of a section means another
// thing in the next description.
func wantSameNumbers(t *testing.T, before, after *Description) {
	t.Helper()
	was, err := parse(before.SDP)
	if err != nil {
		t.Fatal(err)
	}
	is, err := parse(after.SDP)
	if err != nil {
		t.Fatal(err)
	}
	for i, m := range was.Media {
		next := is.Media[i]
		if next.IsRejected() || m.IsRejected() {
			continue
		}
		codecs := codecsOf(next)
		for _, c := range codecsOf(m) {
			if !slices.ContainsFunc(codecs, func(n codec.Codec) bool {
				return sameNumber(c, n) && (c.IsRTX() && c.Fmtp == n.Fmtp || !c.IsRTX() && standsFor(c, n))
			}) {
				t.Errorf("section %d: %+v is gone from %v", i, c, numbersOf(codecs))
			}
		}
		for _, e := range m.Extmaps {
			if !slices.ContainsFunc(next.Extmaps, func(n sdp.Extmap) bool { return n.ID == e.ID && n.URI == e.URI }) {
				t.Errorf("section %d: %+v is gone", i, e)
			}
		}
	}
}

// Recorded answers of browsers and other peers are applied to the recorded offers
// that they answer, as if those were ours.
func TestApplyRealMediaAnswers(t *testing.T) {
	for _, pair := range [][2]string{
		{"firefox-153-audio-video-data-offer", "chromium-156-audio-video-data-answer"},
		{"chromium-156-audio-video-data-offer", "firefox-153-audio-video-data-answer"},
		{"chromium-156-audio-video-data-offer", "aiortc-1.4-to-chromium-156-answer"},
		{"chromium-156-audio-video-data-offer", "node-datachannel-0.33-to-chromium-156-answer"},
		{"firefox-153-audio-video-data-offer", "aiortc-1.4-to-firefox-153-answer"},
		{"chromium-156-simulcast-offer", "firefox-153-simulcast-answer"},
		{"firefox-153-simulcast-offer", "chromium-156-simulcast-answer"},
		{"chromium-156-recvonly-offer", "firefox-153-recvonly-answer"},
		{"firefox-153-recvonly-offer", "chromium-156-recvonly-answer"},
		{"chromium-156-inactive-offer", "firefox-153-inactive-answer"},
		{"firefox-153-inactive-offer", "chromium-156-inactive-answer"},
		{"chromium-156-two-streams-offer", "firefox-153-two-streams-answer"},
		{"firefox-153-two-streams-offer", "chromium-156-two-streams-answer"},
		{"chromium-156-max-bundle-offer", "firefox-153-max-bundle-answer"},
		{"chromium-156-max-compat-offer", "firefox-153-max-compat-answer"},
		{"firefox-153-max-compat-offer", "chromium-156-max-compat-answer"},
	} {
		t.Run(pair[1], func(t *testing.T) {
			a := newEndpoint(t, "Alice").withMedia()
			offer, answer := recorded(t, pair[0]+".sdp", Offer), recorded(t, pair[1]+".sdp", Answer)
			c, err := parse(offer.SDP)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range c.Media {
				id := TransceiverID(0)
				if kind, ok := mediaKind(m); ok {
					tr := a.add(kind, sdp.DirectionSendrecv)
					if names := ridNames(rids(m, "send")); names != nil {
						tr.setRIDs(a, names...)
						a.refresh()
					}
					id = tr.ID
				}
				a.n.offered = append(a.n.offered, id)
			}
			a.apply(a.n.applyLocalOffer(Config{}, HaveLocalOffer, newDescription(Offer, offer.SDP, c)))
			a.setRemote(answer)
			parsed, err := parse(answer.SDP)
			if err != nil {
				t.Fatal(err)
			}
			for i, m := range parsed.Media {
				if _, ok := mediaKind(m); !ok || m.IsRejected() {
					continue
				}
				tr := a.ofMid(m.Mid)
				if got, want := len(tr.media.SendCodecs), len(codecsOf(m)); got != want || len(tr.media.ReceiveCodecs) != want {
					t.Errorf("section %d: sends %v, receives %v, answered %v", i, numbersOf(tr.media.SendCodecs), numbersOf(tr.media.ReceiveCodecs), numbersOf(codecsOf(m)))
				}
				if got := len(tr.media.SendExtensions) + len(tr.media.ReceiveExtensions); got < len(m.Extmaps) {
					t.Errorf("section %d: extensions %+v, answered %+v", i, tr.media, m.Extmaps)
				}
				if want := c.direction(i).Intersect(parsed.direction(i).Reverse()); tr.current != want {
					t.Errorf("section %d: %s", i, tr.current)
				}
				if m.SSRCs != nil && tr.current.Receives() && (len(tr.media.Sources) == 0 || len(tr.msids) == 0) {
					t.Errorf("section %d: %+v", i, tr)
				}
				// Neither browser takes another's simulcast.
				if len(tr.media.SendEncodings) != 1 {
					t.Errorf("section %d: %+v", i, tr.media.SendEncodings)
				}
			}
			a.offer()
			a.readAll()
		})
	}
}
