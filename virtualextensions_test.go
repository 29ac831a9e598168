package webrtc

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/pion/rtp"

	"github.com/parleyrtc/webrtc/internal/codec"
	"github.com/parleyrtc/webrtc/internal/simnet"
	"github.com/parleyrtc/webrtc/transceiver/extension"
)

// idOf returns the identifier of a header extension, 0 if it is not negotiated.
func idOf(list []RTPHeaderExtensionParameter, uri string) uint8 {
	for _, e := range list {
		if e.URI == uri {
			return uint8(e.ID)
		}
	}
	return 0
}

// puts sets an element of a header.
func (w *world) puts(h *rtp.Header, id uint8, data []byte) {
	w.Helper()
	if id == 0 {
		w.Fatal("the header extension is not negotiated")
	}
	if err := h.SetExtension(id, data); err != nil {
		w.Fatal(err)
	}
}

// webrtc-pc §5.3, RFC 6464, RFC 6465: who speaks, and how loud.
func TestVirtualSourcesAndTheirLevels(t *testing.T) {
	inPhoneCall(t, unchanged, func(w *world, c *phoneCall) {
		extensions := c.send.GetParameters().HeaderExtensions
		level, mixed := idOf(extensions, extension.AudioLevel), idOf(extensions, extension.MixerAudioLevel)
		loudness, speaks, levels := uint8(20), true, []byte{0, 127}
		c.voice.decorate = func(h *rtp.Header) {
			data := []byte{loudness}
			if speaks {
				data[0] |= 0x80
			}
			w.puts(h, level, data)
			h.CSRC = []uint32{111, 222}
			w.puts(h, mixed, levels)
		}
		receiver := c.b.GetReceivers()[0]
		if n := len(receiver.GetSynchronizationSources()) + len(receiver.GetContributingSources()); n != 0 {
			w.Errorf("%d sources before any packet", n)
		}
		c.talks(100 * time.Millisecond)
		time.Sleep(20 * time.Millisecond)
		sync := receiver.GetSynchronizationSources()
		if len(sync) != 1 || sync[0].Source != uint32(c.send.GetParameters().Encodings[0].SSRC) {
			w.Fatalf("synchronization sources %+v, want the voice's", sync)
		}
		if s := sync[0]; s.AudioLevel == nil || math.Abs(*s.AudioLevel-0.1) > 1e-9 || s.VoiceActivityFlag == nil || !*s.VoiceActivityFlag {
			w.Errorf("-20 dBov of speech are %+v", s)
		}
		headers, times := c.atB.last().seen()
		if s := sync[0]; !s.Timestamp.Equal(times[len(times)-1]) || s.RTPTimestamp != headers[len(headers)-1].Timestamp {
			w.Errorf("the source was heard at %v with timestamp %d, want the newest packet's", s.Timestamp, s.RTPTimestamp)
		}
		contributing := receiver.GetContributingSources()
		heard := map[uint32]float64{}
		for _, s := range contributing {
			if s.AudioLevel == nil {
				w.Errorf("source %d has no level", s.Source)
				continue
			}
			heard[s.Source] = *s.AudioLevel
		}
		if len(contributing) != 2 || heard[111] != 1 || heard[222] != 0 {
			w.Errorf("contributing sources %v, want 111 at full level and 222 silent", heard)
		}

		speaks, loudness = false, 127
		c.talks(20 * time.Millisecond)
		time.Sleep(20 * time.Millisecond)
		if s := receiver.GetSynchronizationSources()[0]; *s.AudioLevel != 0 || *s.VoiceActivityFlag {
			w.Errorf("silence is %v, %v", *s.AudioLevel, *s.VoiceActivityFlag)
		}
		// A packet without levels says nothing of them.
		c.voice.decorate = nil
		c.talks(20 * time.Millisecond)
		time.Sleep(20 * time.Millisecond)
		if s := receiver.GetSynchronizationSources()[0]; s.AudioLevel != nil || s.VoiceActivityFlag != nil {
			w.Errorf("a packet without a level has %v, %v", s.AudioLevel, s.VoiceActivityFlag)
		}
		// "in the last 10 seconds": contributing sources go first, then the voice.
		time.Sleep(9970 * time.Millisecond)
		if n, m := len(receiver.GetSynchronizationSources()), len(receiver.GetContributingSources()); n != 1 || m != 0 {
			w.Errorf("%d and %d sources after ten seconds, want the voice alone", n, m)
		}
		time.Sleep(time.Second)
		if n := len(receiver.GetSynchronizationSources()); n != 0 {
			w.Errorf("%d sources after eleven seconds", n)
		}
	})
}

// crowded returns an API with so many header extensions of a program's own that the
// usual ones get identifiers above 14, for which headers have another form
// (RFC 8285 §4.3).
func crowded(t *testing.T) *API {
	m := &MediaEngine{}
	if err := m.RegisterDefaultCodecs(); err != nil {
		t.Fatal(err)
	}
	var uris []string
	for i := range 14 {
		uris = append(uris, fmt.Sprintf("urn:example:own-%d", i))
	}
	for _, e := range defaultExtensions(codec.Video) {
		uris = append(uris, e.URI)
	}
	for _, uri := range uris {
		if err := m.RegisterHeaderExtension(RTPHeaderExtensionCapability{URI: uri}, RTPCodecTypeVideo); err != nil {
			t.Fatal(err)
		}
	}
	return NewAPI(WithMediaEngine(m))
}

// A program relays a's camera to c, with what is said of it in header extensions.
// Each peer has identifiers of its own, and gets what it has negotiated.
func TestVirtualExtensionsAreRelayed(t *testing.T) {
	inWorld(t, 1, func(w *world) {
		w.net.SetDefaultPath(simnet.Path{Delay: 10 * time.Millisecond})
		a, in := w.peer("a", simnet.Addrs("192.0.2.1")), w.peer("in", simnet.Addrs("192.0.2.2"))
		out, c := w.peerOf("out", crowded(t), simnet.Addrs("192.0.2.3")), w.peer("c", simnet.Addrs("192.0.2.4"))
		w.signal(a, in, fixed(10*time.Millisecond))
		w.signal(out, c, fixed(10*time.Millisecond))
		camera, sender := a.source(MimeTypeVP8, "camera")
		atC := c.audience(0)
		in.OnTrack(func(t *TrackRemote, r *RTPReceiver) {
			relay, err := NewTrackLocalStaticRTP(t.Codec().RTPCodecCapability, t.ID(), t.StreamID(), WithRTPHeaderExtensions(r.GetParameters().HeaderExtensions...))
			in.must(err, "NewTrackLocalStaticRTP")
			_, err = out.AddTrack(relay)
			out.must(err, "AddTrack")
			out.negotiates(c, 10*time.Millisecond)
			t.OnPacketPush(func(p *InboundPacket) { out.check(relay.WriteRTP(&p.Packet), "WriteRTP") })
		})
		a.negotiates(in, 10*time.Millisecond)
		w.within(10*time.Second, "a is connected", connected(a, in))
		values := map[string][]byte{
			extension.VideoOrientation:     {3},
			extension.PlayoutDelay:         {0, 0x10, 0x20},
			extension.AbsCaptureTime:       {1, 2, 3, 4, 5, 6, 7, 8},
			extension.DependencyDescriptor: {0x80, 0, 7, 9, 10},
		}
		camera.decorate = func(h *rtp.Header) {
			for uri, data := range values {
				w.puts(h, idOf(sender.GetParameters().HeaderExtensions, uri), data)
			}
		}
		camera.packet()
		w.within(10*time.Second, "c is connected", connected(out, c))
		together(20, 10*time.Millisecond, camera)

		theirs, ours := c.GetReceivers()[0].GetParameters().HeaderExtensions, sender.GetParameters().HeaderExtensions
		for uri := range values {
			if idOf(theirs, uri) == idOf(ours, uri) {
				w.Fatalf("%s has the same identifier on both ways: the test shows nothing", uri)
			}
		}
		headers, _ := atC.last().seen()
		if len(headers) < 20 {
			w.Fatalf("%d packets have come", len(headers))
		}
		for _, h := range headers {
			for uri, want := range values {
				if got := h.GetExtension(idOf(theirs, uri)); !bytes.Equal(got, want) {
					w.Errorf("%s is %x, want %x", uri, got, want)
				}
			}
		}
		// What names the stream and measures the path is the relay's, not a's.
		if mid := headers[0].GetExtension(idOf(theirs, extension.MID)); string(mid) != c.GetTransceivers()[0].Mid() {
			w.Errorf("the mid is %q, want %q", mid, c.GetTransceivers()[0].Mid())
		}
		first, last := headers[0].GetExtension(idOf(theirs, extension.TransportCC)), headers[19].GetExtension(idOf(theirs, extension.TransportCC))
		if len(first) != 2 || len(last) != 2 || bytes.Equal(first, last) {
			w.Errorf("transport-wide numbers %x to %x", first, last)
		}
	})
}

// What was not negotiated with a peer is not sent to it, and an identifier that
// means something else there is not either.
func TestVirtualExtensionsThatAreNotNegotiated(t *testing.T) {
	munge := func(sdp string) string {
		var kept strings.Builder
		for line := range strings.Lines(sdp) {
			if !strings.HasPrefix(line, "a=extmap:") || !strings.Contains(line, extension.VideoOrientation) {
				kept.WriteString(line)
			}
		}
		return kept.String()
	}
	inWorld(t, 1, func(w *world) {
		a, b := w.peer("a", simnet.Addrs("192.0.2.1")), w.peer("b", simnet.Addrs("192.0.2.2"))
		w.signal(a, b, fixed(10*time.Millisecond))
		camera, sender := a.source(MimeTypeVP8, "camera")
		offered := idOf(extensionsOffered(w, a), extension.VideoOrientation)
		atB := b.audience(0)
		a.negotiatesThrough(b, 10*time.Millisecond, munge)
		w.within(10*time.Second, "both are connected", connected(a, b))
		if id := idOf(sender.GetParameters().HeaderExtensions, extension.VideoOrientation); id != 0 {
			w.Errorf("the orientation has identifier %d though the peer does not know it", id)
		}
		camera.decorate = func(h *rtp.Header) { w.puts(h, offered, []byte{3}) }
		together(5, 10*time.Millisecond, camera)
		headers, _ := atB.last().seen()
		for _, h := range headers {
			if got := h.GetExtension(offered); got != nil {
				w.Errorf("the orientation %x was sent", got)
			}
		}
	})
}

// extensionsOffered returns those of the first section that p would offer.
func extensionsOffered(w *world, p *peer) []RTPHeaderExtensionParameter {
	offer, err := p.CreateOffer(nil)
	p.must(err, "CreateOffer")
	var list []RTPHeaderExtensionParameter
	for line := range strings.Lines(offer.SDP) {
		var e RTPHeaderExtensionParameter
		if n, _ := fmt.Sscanf(line, "a=extmap:%d %s", &e.ID, &e.URI); n == 2 {
			list = append(list, e)
		}
	}
	return list
}

// RFC 9335: header extensions are encrypted with a peer that can read them so, and
// not with one that cannot.
func TestVirtualCryptexOnTheWire(t *testing.T) {
	for name, c := range map[string]struct {
		munge     func(string) string
		encrypted bool
	}{
		"both can":                  {unchanged, true},
		"the peer does not know it": {withoutLines("a=cryptex"), false},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, 1, func(w *world) {
				a, b := w.peer("a", simnet.Addrs("192.0.2.1")), w.peer("b", simnet.Addrs("192.0.2.2"))
				w.signal(a, b, fixed(10*time.Millisecond))
				camera, sender := a.source(MimeTypeVP8, "camera")
				atB := b.audience(0)
				a.negotiatesThrough(b, 10*time.Millisecond, c.munge)
				w.within(10*time.Second, "both are connected", connected(a, b))
				secret := []byte{0xDE, 0xAD, 0xBE, 0xEF, 0x13, 0x37, 0xC0, 0xFE}
				capture := idOf(sender.GetParameters().HeaderExtensions, extension.AbsCaptureTime)
				camera.decorate = func(h *rtp.Header) { w.puts(h, capture, secret) }
				in := w.watches(a)
				together(20, 10*time.Millisecond, camera)
				flights := in(sender.GetParameters().Encodings[0].SSRC)
				if len(flights) != 20 {
					w.Fatalf("%d packets were sent", len(flights))
				}
				for _, f := range flights {
					profile := uint16(f.raw[12])<<8 | uint16(f.raw[13])
					if got, want := profile, map[bool]uint16{true: 0xC0DE, false: 0xBEDE}[c.encrypted]; got != want {
						w.Errorf("the extension's profile is %x, want %x", got, want)
					}
					if bytes.Contains(f.raw, secret) == c.encrypted {
						w.Errorf("the capture time stands in the clear: %v", !c.encrypted)
					}
				}
				// Either way the peer reads them.
				headers, _ := atB.last().seen()
				for _, h := range headers {
					if got := h.GetExtension(idOf(b.GetReceivers()[0].GetParameters().HeaderExtensions, extension.AbsCaptureTime)); !bytes.Equal(got, secret) {
						w.Errorf("the capture time came as %x", got)
					}
				}
			})
		})
	}
}

// The section that speaks for a bundle does so here, too (RFC 9335 §4, RFC 8859: the
// attribute is of the category TRANSPORT): if the peer does not agree there, all is
// in the clear.
func TestVirtualCryptexNeedsTheWholeBundle(t *testing.T) {
	inCall(t, func(w *world, c *call) {
		in := w.watches(c.a)
		c.talk(1)
		voice, sender := c.a.source(MimeTypeOpus, "voice")
		c.a.negotiatesThrough(c.b, 10*time.Millisecond, func(sdp string) string {
			if at := strings.Index(sdp, "m=audio"); at >= 0 {
				return withoutLines("a=cryptex")(sdp[:at]) + sdp[at:]
			}
			return sdp
		})
		time.Sleep(100 * time.Millisecond)
		together(10, 10*time.Millisecond, voice, c.fromA)
		profiles := map[uint16]int{}
		for _, ssrc := range []SSRC{c.ssrc(c.a), sender.GetParameters().Encodings[0].SSRC} {
			for _, f := range in(ssrc) {
				profiles[uint16(f.raw[12])<<8|uint16(f.raw[13])]++
			}
		}
		if profiles[0xC0DE] != 1 || profiles[0xBEDE] != 20 {
			w.Errorf("packets by profile: %v, want one encrypted and 20 in the clear", profiles)
		}
	})
}
