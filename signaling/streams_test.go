package signaling

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/parleyrtc/webrtc/internal/codec"
	"github.com/parleyrtc/webrtc/internal/rtcerr"
	"github.com/parleyrtc/webrtc/sdp"
)

func encodingsOf(m *Media) string {
	var list []string
	for _, e := range m.SendEncodings {
		s := e.RID
		if !e.Active {
			s = "~" + s
		}
		list = append(list, s)
	}
	return strings.Join(list, " ")
}

// Simulcast is offered and taken; what the answer says of streams counts
// (webrtc-pc §4.4.1.5; RFC 8853 §5.3).
func TestSimulcast(t *testing.T) {
	for _, test := range []struct {
		name    string
		change  func(Description) Description
		want    string
		receive string
	}{
		{"all taken", func(d Description) Description { return d }, "q h f", "q h f"},
		{"one refused", func(d Description) Description {
			return replaced(t, d, "simulcast:recv q;h;f", "simulcast:recv q;f")
		}, "q f", ""},
		{"one left", func(d Description) Description { return replaced(t, d, "simulcast:recv q;h;f", "simulcast:recv h") }, "h", ""},
		{"one paused", func(d Description) Description {
			return replaced(t, d, "simulcast:recv q;h;f", "simulcast:recv q;~h;f")
		}, "q ~h f", ""},
		{"alternatives", func(d Description) Description { return replaced(t, d, "simulcast:recv q;h;f", "simulcast:recv h,q;f") }, "h f", ""},
		{"not known", func(d Description) Description { return without(t, without(t, d, "a=simulcast"), "a=rid") }, "", ""},
		{"all unknown", func(d Description) Description {
			return replaced(t, replaced(t, d, "simulcast:recv q;h;f", "simulcast:recv x"), "a=rid:q", "a=rid:x")
		}, "", ""},
		{"without a=rid lines", func(d Description) Description { return without(t, d, "a=rid:h") }, "q f", ""},
	} {
		a, b := parties(t)
		mine := a.addSimulcast("q", "h", "f")
		offer := a.offer()
		if got := lines(&offer, "a=ssrc"); got != nil {
			t.Errorf("%s: got %q", test.name, got)
		}
		answer := b.answer(offer)
		if got := lines(&answer, "a=simulcast:recv q;h;f"); len(got) != 1 || len(lines(&answer, "a=rid:h recv")) != 1 {
			t.Errorf("%s: got\n%s", test.name, answer.SDP)
		}
		a.setRemote(test.change(answer))
		if got := encodingsOf(mine.media); got != test.want {
			t.Errorf("%s: sends %q, want %q", test.name, got, test.want)
		}
		if len(mine.media.SendEncodings) == 1 && mine.media.SendEncodings[0].SSRC != mine.Encodings[strings.Index("q h f", test.want)/2].SSRC {
			t.Errorf("%s: got %+v", test.name, mine.media.SendEncodings)
		}
		if test.receive != "" {
			wantMedia(a, b, test.name)
			// Both sides' later offers say the same (RFC 9429 §5.2.2).
			negotiate(a, b)
			negotiate(b, a)
			if got := strings.Join(b.ofMid("0").media.ReceiveRIDs, " "); got != test.receive || encodingsOf(mine.media) != test.want {
				t.Errorf("%s: later %q and %q", test.name, got, encodingsOf(mine.media))
			}
		}
	}
}

// What is left of several streams keeps its name in later offers.
func TestLastOfSimulcast(t *testing.T) {
	a, b := parties(t)
	mine := a.addSimulcast("q", "h", "f")
	a.setRemote(replaced(t, b.answer(a.offer()), "simulcast:recv q;h;f", "simulcast:recv h"))
	mine.Encodings = mine.media.SendEncodings
	a.refresh()
	offer := a.offer()
	if got := lines(&offer, "a=simulcast"); !slices.Equal(got, []string{"a=simulcast:send h"}) {
		t.Errorf("got %q", got)
	}
	a.setRemote(b.answer(offer))
	if got := encodingsOf(mine.media); got != "h" {
		t.Errorf("sends %q", got)
	}
}

// An offer to receive simulcast makes a sender with its streams; without the
// program's consent, or for a sender of one stream, there is one.
func TestSimulcastWanted(t *testing.T) {
	offer := func(t *testing.T) Description {
		a, _ := parties(t)
		a.add(codec.Video, sdp.DirectionRecvonly)
		return replaced(t, a.offer(), "a=recvonly\r\n", "a=recvonly\r\na=rid:q recv\r\na=rid:h recv\r\na=rid:f recv\r\na=simulcast:recv q;~h,q;f;q;z\r\n")
	}
	_, b := parties(t)
	b.setRemote(offer(t))
	yours := b.ofMid("0")
	var described []string
	for _, f := range b.effects {
		if d, ok := f.(MediaDescribed); ok {
			described = d.RIDs
		}
	}
	if got := fmt.Sprint(described, yours.Encodings); !strings.HasPrefix(got, "[q h f] [{q true ") || len(yours.Encodings) != 3 {
		t.Errorf("got %s", got)
	}
	b.turn(yours, sdp.DirectionSendonly)
	b.setLocal(Description{})
	if got := lines(b.CurrentLocal(), "a=simulcast"); !slices.Equal(got, []string{"a=simulcast:send q;h;f"}) {
		t.Errorf("got %q", got)
	}
	// The peer has h paused at first.
	if got := encodingsOf(yours.media); got != "q ~h f" {
		t.Errorf("sends %q", got)
	}

	_, c := parties(t)
	c.addTrack(codec.Video)
	c.answer(offer(t))
	if got := encodingsOf(c.ofMid("0").media); got != "" || lines(c.CurrentLocal(), "a=simulcast") != nil || len(lines(c.CurrentLocal(), "a=ssrc-group")) != 1 {
		t.Errorf("sends %q, answered\n%s", got, c.CurrentLocal().SDP)
	}
}

// A sender of several streams, to a peer that offers to receive one.
func TestSimulcastNotWanted(t *testing.T) {
	a, b := parties(t)
	a.add(codec.Video, sdp.DirectionRecvonly)
	yours := b.addTrack(codec.Video)
	yours.setRIDs(b, "q", "h")
	b.refresh()
	negotiate(a, b)
	if got := yours.media.SendEncodings; len(got) != 1 || got[0].RID != "" || got[0].SSRC != yours.Encodings[0].SSRC {
		t.Errorf("got %+v", got)
	}
}

// The sources and streams that a description names, in the ways of old and new
// peers (RFC 5576, RFC 8830).
func TestSources(t *testing.T) {
	for _, test := range []struct {
		name, lines, sources, msids string
	}{
		{"none", "", "[]", "[]"},
		{"a browser's", "msid:s t|ssrc-group:FID 1 2|ssrc:1 cname:c|ssrc:1 msid:s t|ssrc:2 cname:c|ssrc:2 msid:s t",
			"[{1 2 0  c [{s t}]}]", "[{s t}]"},
		{"in no stream", "msid:- t|ssrc:1 cname:c", "[{1 0 0  c []}]", "[{- t}]"},
		{"two streams", "msid:s t|msid:u t|ssrc:1 cname:c", "[{1 0 0  c []}]", "[{s t} {u t}]"},
		{"by source alone", "ssrc:1 cname:c|ssrc:1 msid:s t|ssrc:1 mslabel:s|ssrc:1 label:t", "[{1 0 0  c [{s t}]}]", "[{s t}]"},
		{"two tracks of an old peer", "ssrc:1 cname:c|ssrc:1 msid:s t|ssrc:2 cname:c|ssrc:2 msid:s u", "[{1 0 0  c [{s t}]} {2 0 0  c [{s u}]}]", "[{s t}]"},
		{"three layers", "ssrc-group:SIM 1 3 5|ssrc-group:FID 1 2|ssrc-group:FID 3 4|ssrc-group:FID 5 6|ssrc:1 cname:c|ssrc:2 cname:c|ssrc:3 cname:c|ssrc:4 cname:c|ssrc:5 cname:c|ssrc:6 cname:c",
			"[{1 2 0  c []} {3 4 0  c []} {5 6 0  c []}]", "[]"},
		{"repaired both ways", "ssrc-group:FEC-FR 1 3|ssrc-group:FID 1 2|ssrc:1 cname:c|ssrc:2 cname:c|ssrc:3 cname:c", "[{1 2 3  c []}]", "[]"},
		{"broken groups", "ssrc-group:FID|ssrc-group:FID 1|ssrc-group:FID 9 8|ssrc:1 cname:c|ssrc:1 msid:a b c", "[{1 0 0  c []}]", "[]"},
	} {
		text := "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\n"
		for _, line := range strings.Split(test.lines, "|") {
			if line != "" {
				text += "a=" + line + "\r\n"
			}
		}
		session, err := sdp.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(sources(session.Media[0])); got != test.sources {
			t.Errorf("%s: sources %s, want %s", test.name, got, test.sources)
		}
		if got := fmt.Sprint(remoteMsids(session.Media[0])); got != test.msids {
			t.Errorf("%s: msids %s, want %s", test.name, got, test.msids)
		}
	}
}

// What is said once of a section, by both sides or by one.
func TestSectionParameters(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(a, b *endpoint, offer Description) Description
		want   func(mine, yours *Media) bool
	}{
		{"reduced size", func(_, _ *endpoint, d Description) Description { return d },
			func(m, y *Media) bool { return m.RTCPRsize && y.RTCPRsize && !m.Cryptex && m.MaxBitrate == 0 }},
		{"no reduced size", func(_, _ *endpoint, d Description) Description { return without(t, d, "a=rtcp-rsize") },
			func(m, y *Media) bool { return !m.RTCPRsize && !y.RTCPRsize }},
		{"cryptex", func(a, b *endpoint, d Description) Description {
			b.local.Cryptex = true
			return replaced(t, d, "a=rtcp-mux\r\n", "a=rtcp-mux\r\na=cryptex\r\n")
		}, func(_, y *Media) bool { return y.Cryptex }},
		{"cryptex for the session", func(a, b *endpoint, d Description) Description {
			b.local.Cryptex = true
			return replaced(t, d, "a=extmap-allow-mixed", "a=cryptex\r\na=extmap-allow-mixed")
		}, func(_, y *Media) bool { return y.Cryptex }},
		{"cryptex of one side", func(a, b *endpoint, d Description) Description {
			return replaced(t, d, "a=rtcp-mux\r\n", "a=rtcp-mux\r\na=cryptex\r\n")
		}, func(m, y *Media) bool { return !m.Cryptex && !y.Cryptex }},
		{"mixing at media level", func(_, _ *endpoint, d Description) Description {
			return replaced(t, without(t, d, "a=extmap-allow-mixed"), "a=rtcp-mux\r\n", "a=rtcp-mux\r\na=extmap-allow-mixed\r\n")
		}, func(m, y *Media) bool { return m.AllowMixed && y.AllowMixed }},
		{"TIAS", func(_, _ *endpoint, d Description) Description {
			return replaced(t, d, "a=mid:0", "b=AS:9\r\nb=TIAS:123456\r\na=mid:0")
		}, func(m, y *Media) bool { return y.MaxBitrate == 123456 && m.MaxBitrate == 0 }},
		{"AS", func(_, _ *endpoint, d Description) Description {
			return replaced(t, d, "a=mid:0", "b=AS:500\r\na=mid:0")
		},
			func(_, y *Media) bool { return y.MaxBitrate == 500*950-16000 }},
		{"a small AS", func(_, _ *endpoint, d Description) Description { return replaced(t, d, "a=mid:0", "b=AS:1\r\na=mid:0") },
			func(_, y *Media) bool { return y.MaxBitrate == 1000 }},
		{"a huge AS", func(_, _ *endpoint, d Description) Description {
			return replaced(t, d, "a=mid:0", "b=AS:18446744073709551615\r\na=mid:0")
		}, func(_, y *Media) bool { return y.MaxBitrate > 1<<40 }},
		{"other bandwidths", func(_, _ *endpoint, d Description) Description {
			return replaced(t, d, "a=mid:0", "b=CT:500\r\nb=RS:1\r\nb=AS:0\r\na=mid:0")
		}, func(_, y *Media) bool { return y.MaxBitrate == 0 }},
		{"packet times", func(_, _ *endpoint, d Description) Description {
			return replaced(t, d, "a=mid:0", "a=mid:0\r\na=ptime:40\r\na=maxptime:60")
		}, func(m, y *Media) bool { return y.PTime == 40 && y.MaxPTime == 60 && m.PTime == 0 }},
		{"multiplexing by the tagged section", func(a, _ *endpoint, d Description) Description {
			at := strings.Index(d.SDP, "m=video")
			d.SDP = d.SDP[:at] + strings.Replace(d.SDP[at:], "a=rtcp-mux\r\n", "", 1)
			return d
		}, func(m, y *Media) bool { return true }},
	} {
		a, b := parties(t)
		mine := a.add(codec.Audio, sdp.DirectionSendrecv)
		a.add(codec.Video, sdp.DirectionSendrecv)
		offer := test.change(a, b, a.offer())
		a.setRemote(b.answer(offer))
		if yours := b.ofMid("0").media; !test.want(mine.media, yours) {
			t.Errorf("%s: got\n%+v\n%+v", test.name, mine.media, yours)
		}
		if b.ofMid("1").media == nil {
			t.Errorf("%s: the video is rejected", test.name)
		}
	}
	// Both sides offer cryptex.
	a, b := parties(t)
	a.local.Cryptex, b.local.Cryptex = true, true
	a.add(codec.Audio, sdp.DirectionSendrecv)
	negotiate(a, b)
	if !a.ofMid("0").media.Cryptex {
		t.Error("no cryptex")
	}
}

// RFC 9429 §5.2.1: streams are named once each, a transceiver without streams by
// "-", and one that does not send not at all until it has.
func TestStreamNames(t *testing.T) {
	a, b := parties(t)
	named := a.add(codec.Audio, sdp.DirectionSendrecv, "s", "u", "s", "")
	bare := a.add(codec.Audio, sdp.DirectionSendonly)
	silent := a.add(codec.Audio, sdp.DirectionRecvonly, "x")
	offer := a.offer()
	want := []string{"a=msid:s " + named.TrackID, "a=msid:u " + named.TrackID, "a=msid:- " + bare.TrackID}
	if got := lines(&offer, "a=msid:"); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	a.setRemote(b.answer(offer))
	if a.NegotiationNeeded(a.local) {
		t.Error("needed")
	}
	// setStreams, in another order and in another set.
	named.StreamIDs = []string{"u", "s"}
	a.refresh()
	if a.NegotiationNeeded(a.local) {
		t.Error("the order of streams does not count")
	}
	named.StreamIDs = []string{"u"}
	a.refresh()
	if !a.NegotiationNeeded(a.local) {
		t.Error("other streams do count")
	}
	silent.StreamIDs = []string{"y"}
	negotiate(a, b)
	if got := b.ofMid("0").msids; len(got) != 1 || got[0].Stream != "u" {
		t.Errorf("got %v", got)
	}
}

// RFC 8830 §2: no two sections name the same track, unless they send nothing.
func TestTracksStandInOneSection(t *testing.T) {
	a, b := parties(t)
	a.local.Data = false
	a.addTrack(codec.Audio, "s")
	offer := a.offer()
	head, section, _ := strings.Cut(offer.SDP, "m=")
	section = "m=" + section
	twice := Description{Offer, head + section + strings.Replace(section, "a=mid:0", "a=mid:other", 1)}
	wantRefused[*rtcerr.OperationError](b, "a track in two sections", func() error {
		_, err := b.SetRemote(twice, b.local)
		return err
	})
	twice.SDP = strings.Replace(twice.SDP, "a=sendrecv", "a=recvonly", 1)
	b.setRemote(twice)
}
