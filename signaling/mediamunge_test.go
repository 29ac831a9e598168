package signaling

import (
	"slices"
	"strings"
	"testing"

	"github.com/parleyrtc/webrtc/internal/codec"
	"github.com/parleyrtc/webrtc/internal/rtcerr"
	"github.com/parleyrtc/webrtc/sdp"
)

// What programs change in the text of an offer counts as they set it.
func TestMediaMungingAllowed(t *testing.T) {
	for _, test := range []struct {
		what   string
		change func(Description) Description
		want   func(mine, yours *Media) bool
	}{
		{"a limit", func(d Description) Description { return replaced(t, d, "a=mid:0", "b=AS:64\r\na=mid:0") },
			func(_, y *Media) bool { return y.MaxBitrate == 64*950-16000 }},
		{"the order of formats", func(d Description) Description {
			return replaced(t, d, "SAVPF 111 63 9 0 8 13 110 126", "SAVPF 0 8 111 63 9 13 110 126")
		}, func(m, y *Media) bool {
			return y.SendCodecs[0].Name() == "PCMU" && m.ReceiveCodecs[0].Name() == "PCMU" && len(m.ReceiveCodecs) == 8
		}},
		{"formats left out", func(d Description) Description {
			return replaced(t, d, "SAVPF 111 63 9 0 8 13 110 126", "SAVPF 111")
		}, func(m, y *Media) bool { return len(y.SendCodecs) == 1 && len(m.ReceiveCodecs) == 1 }},
		{"other parameters", func(d Description) Description { return replaced(t, d, "minptime=10;", "stereo=1;minptime=10;") },
			func(m, y *Media) bool {
				return strings.HasPrefix(y.SendCodecs[0].Fmtp, "stereo=1") && strings.HasPrefix(m.ReceiveCodecs[0].Fmtp, "stereo=1")
			}},
		{"feedback left out", func(d Description) Description { return without(t, d, "a=rtcp-fb") },
			func(m, y *Media) bool { return m.SendCodecs[0].Feedback == nil && y.SendCodecs[0].Feedback == nil }},
		{"an extension left out", func(d Description) Description { return without(t, d, "a=extmap:1 ") },
			func(m, y *Media) bool { return len(m.SendExtensions) == 2 && len(y.SendExtensions) == 2 }},
		{"an extension added", func(d Description) Description {
			return replaced(t, d, "a=extmap:1 ", "a=extmap:9 urn:mine\r\na=extmap:1 ")
		}, func(m, y *Media) bool { return len(m.SendExtensions) == 3 }},
		{"the direction", func(d Description) Description { return replaced(t, d, "a=sendrecv", "a=recvonly") },
			func(m, y *Media) bool {
				return m.Direction == sdp.DirectionInactive && y.Direction == sdp.DirectionInactive
			}},
		{"sources left out", func(d Description) Description { return without(t, d, "a=ssrc") },
			func(m, y *Media) bool { return y.Sources == nil && m.SendEncodings[0].SSRC != 0 }},
		{"another source", func(d Description) Description {
			return replaced(t, without(t, d, "a=ssrc"), "a=mid:0", "a=mid:0\r\na=ssrc:77 cname:x\r\na=ssrc:78 cname:x\r\na=ssrc-group:FID 77 78")
		}, func(m, y *Media) bool {
			return y.Sources[0].SSRC == 77 && m.SendEncodings[0].SSRC == 77 && m.SendEncodings[0].RTX == 78
		}},
		{"other streams", func(d Description) Description { return replaced(t, d, "a=msid:s ", "a=msid:x ") },
			func(m, y *Media) bool { return true }},
		{"no reduced size", func(d Description) Description { return without(t, d, "a=rtcp-rsize") },
			func(m, y *Media) bool { return !m.RTCPRsize && !y.RTCPRsize }},
		{"a packet time", func(d Description) Description { return replaced(t, d, "a=mid:0", "a=mid:0\r\na=ptime:10") },
			func(m, y *Media) bool { return y.PTime == 10 }},
		{"no a=rtcp", func(d Description) Description { return without(t, d, "a=rtcp:") },
			func(m, y *Media) bool { return true }},
	} {
		a, b := parties(t)
		mine := a.add(codec.Audio, sdp.DirectionSendrecv, "s")
		text, err := a.CreateOffer(a.local, OfferOptions{})
		if err != nil {
			t.Fatal(err)
		}
		d := test.change(Description{Offer, text})
		a.setLocal(d)
		if got := a.PendingLocal().SDP; got != d.SDP {
			t.Errorf("%s: what was set reads as\n%s", test.what, got)
		}
		a.setRemote(b.answer(*a.PendingLocal()))
		wantMedia(a, b, test.what)
		if yours := b.ofMid("0").media; !test.want(mine.media, yours) {
			t.Errorf("%s: got\n%+v\n%+v", test.what, mine.media, yours)
		}
	}
}

// The same in an answer.
func TestMungedMediaAnswer(t *testing.T) {
	a, b := parties(t)
	mine := a.add(codec.Video, sdp.DirectionSendrecv)
	b.setRemote(a.offer())
	text, err := b.CreateAnswer(b.local)
	if err != nil {
		t.Fatal(err)
	}
	d := Description{Answer, text}
	formats := strings.Join(strings.Fields(lines(&d, "m=")[0])[3:], " ")
	b.setLocal(replaced(t, d, "SAVPF "+formats, "SAVPF 98 99 96 97"))
	yours := b.ofMid("0")
	a.setRemote(*b.CurrentLocal())
	wantMedia(a, b, "with a changed answer")
	if got := yours.media.ReceiveCodecs; len(got) != 4 || got[0].Name() != "VP9" || mine.media.SendCodecs[0].Name() != "VP9" {
		t.Errorf("got %+v", got)
	}
	// What the peer likes best of these is VP8.
	if got := yours.media.SendCodecs; got[0].Name() != "VP8" {
		t.Errorf("got %+v", got)
	}
}

// Streams to receive by name: a program asks for simulcast with a line of its own.
func TestMungedSimulcast(t *testing.T) {
	a, b := parties(t)
	mine := a.add(codec.Video, sdp.DirectionRecvonly)
	text, err := a.CreateOffer(a.local, OfferOptions{})
	if err != nil {
		t.Fatal(err)
	}
	a.setLocal(replaced(t, Description{Offer, text}, "a=recvonly\r\n", "a=recvonly\r\na=rid:q recv\r\na=rid:h recv\r\na=simulcast:recv q;h\r\n"))
	b.setRemote(*a.PendingLocal())
	b.turn(b.ofMid("0"), sdp.DirectionSendonly)
	b.setLocal(Description{})
	a.setRemote(*b.CurrentLocal())
	wantMedia(a, b, "with streams asked for")
	if !slices.Equal(mine.media.ReceiveRIDs, []string{"q", "h"}) {
		t.Errorf("got %+v", mine.media)
	}
	negotiate(a, b)
	if !slices.Equal(mine.media.ReceiveRIDs, []string{"q", "h"}) {
		t.Errorf("later %+v", mine.media)
	}
}

func TestMediaMungingRefused(t *testing.T) {
	a, _ := parties(t)
	a.add(codec.Audio, sdp.DirectionSendrecv)
	a.add(codec.Video, sdp.DirectionSendrecv)
	text, err := a.CreateOffer(a.local, OfferOptions{})
	if err != nil {
		t.Fatal(err)
	}
	offer := Description{Offer, text}
	for what, d := range map[string]Description{
		"a format that was not created":       replaced(t, replaced(t, offer, "SAVPF 111 63", "SAVPF 111 50 63"), "a=rtpmap:111", "a=rtpmap:50 speex/8000\r\na=rtpmap:111"),
		"another format":                      replaced(t, offer, "a=rtpmap:111 opus", "a=rtpmap:111 speex"),
		"another clock rate":                  replaced(t, offer, "opus/48000", "opus/16000"),
		"a static format":                     replaced(t, offer, "SAVPF 111 63 9 0 8", "SAVPF 111 26 9 0 8"),
		"no format that is media":             replaced(t, offer, "SAVPF 111 63 9 0 8 13 110 126", "SAVPF 63 13 110 126"),
		"no multiplexing":                     without(t, offer, "a=rtcp-mux\r\n"),
		"rejection":                           replaced(t, offer, "m=audio 9", "m=audio 0"),
		"an id of another extension":          replaced(t, offer, "a=extmap:1 urn", "a=extmap:4 urn"),
		"an id of another section":            replaced(t, offer, "a=extmap:1 urn", "a=extmap:10 urn"),
		"another kind":                        replaced(t, offer, "m=audio", "m=video"),
		"another profile":                     replaced(t, offer, "m=audio 9 UDP/TLS/RTP/SAVPF", "m=audio 9 RTP/SAVPF"),
		"sections exchanged":                  {Offer, exchanged(text)},
		"another mid":                         replaced(t, replaced(t, offer, "a=mid:1", "a=mid:7"), "BUNDLE 0 1", "BUNDLE 0 7"),
		"a section outside of the bundle":     replaced(t, offer, "BUNDLE 0 1 2", "BUNDLE 0 2"),
		"a payload type that cannot be one":   replaced(t, offer, "SAVPF 111 63", "SAVPF 300 63"),
		"another section's ICE":               {Offer, strings.Replace(text, "a=ice-ufrag:Alice", "a=ice-ufrag:Malice", 1)},
		"a fingerprint of another, in one of": {Offer, strings.Replace(text, a.local.Fingerprints[0].Value, fingerprint('X').Value, 1)},
	} {
		wantRefused[*rtcerr.InvalidModificationError](a, what, func() error {
			_, err := a.SetLocal(d, a.local)
			return err
		})
	}
}

// exchanged returns text with its first two sections exchanged.
func exchanged(text string) string {
	parts := strings.SplitAfter(text, "\r\nm=")
	parts[1], parts[2] = parts[2], parts[1]
	return strings.Join(parts, "")
}

// Answers of the peer that cannot be.
func TestWrongMediaAnswers(t *testing.T) {
	a, b := parties(t)
	a.add(codec.Audio, sdp.DirectionSendrecv)
	good := b.answer(a.offer())
	formats := strings.Join(strings.Fields(lines(&good, "m=")[0])[3:], " ")
	for what, d := range map[string]Description{
		"no format in common":     replaced(t, good, "SAVPF "+formats, "SAVPF 26"),
		"no format that is media": replaced(t, good, "SAVPF "+formats, "SAVPF 13"),
		"no multiplexing":         without(t, good, "a=rtcp-mux"),
		"another profile":         replaced(t, good, "UDP/TLS/RTP/SAVPF", "UDP/DTLS/SCTP"),
		"another kind":            replaced(t, good, "m=audio", "m=video"),
	} {
		wantRefused[*rtcerr.InvalidAccessError](a, what, func() error {
			_, err := a.SetRemote(d, a.local)
			return err
		})
	}
	a.setRemote(good)
	wantMedia(a, b, "after all")
}

// webrtc-pc §4.7.3, for one transceiver: each step.
func TestNegotiationNeededForTransceivers(t *testing.T) {
	a, b := parties(t)
	if a.local.Data = false; a.NegotiationNeeded(a.local) {
		t.Error("needed with nothing there")
	}
	mine := a.add(codec.Audio, sdp.DirectionSendrecv, "s")
	want := func(e *endpoint, needed bool, when string) {
		t.Helper()
		if got := e.NegotiationNeeded(e.local); got != needed {
			t.Errorf("%s %s: needed %v", e.name, when, got)
		}
	}
	want(a, true, "with a transceiver that is not associated")
	b.setRemote(a.offer())
	want(a, false, "while it negotiates")
	b.local.Data = false
	b.setLocal(Description{})
	a.setRemote(*b.CurrentLocal())
	want(a, false, "afterwards")
	want(b, false, "afterwards")
	// As the offerer: the direction of either description will do.
	a.turn(mine, sdp.DirectionSendonly)
	want(a, false, "as the peer does not send anyway")
	a.turn(mine, sdp.DirectionRecvonly)
	want(a, true, "as a receiver")
	a.turn(mine, sdp.DirectionInactive)
	want(a, true, "held")
	a.turn(mine, sdp.DirectionSendrecv)
	want(a, false, "as before")
	// As the answerer: what would be answered to that offer.
	yours := b.ofMid("0")
	b.turn(yours, sdp.DirectionSendrecv)
	want(b, true, "as a sender too")
	b.turn(yours, sdp.DirectionInactive)
	want(b, true, "held")
	b.turn(yours, sdp.DirectionRecvonly)
	want(b, false, "as before")
	b.stop(yours)
	want(b, true, "stopping")
	negotiate(b, a)
	want(a, false, "stopped")
	want(b, false, "stopped")
}
