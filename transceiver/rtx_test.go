package transceiver

import (
	"testing"
	"time"

	"github.com/parleyrtc/webrtc/internal/codec"
	"github.com/parleyrtc/webrtc/transceiver/rtpheader"
)

// TestRetransmissionsFindTheirStream walks the ways to associate the two.
func TestRetransmissionsFindTheirStream(t *testing.T) {
	for _, c := range []struct {
		name   string
		change []func(*ReceiveParameters)
		marks  [2][]rtpheader.Element // of the media and of the retransmission
		rid    string
	}{
		{"announced (a=ssrc-group:FID)", []func(*ReceiveParameters){withSources(Source{SSRC: 1, RTX: 2})}, [2][]rtpheader.Element{}, ""},
		{"the only stream of the m-line", nil, [2][]rtpheader.Element{}, ""},
		{"repaired RID", []func(*ReceiveParameters){withRIDs("h", "l")}, [2][]rtpheader.Element{
			{text(idMID, "v"), text(idRID, "l")}, {text(idMID, "v"), text(idRepaired, "l")},
		}, "l"},
		{"the RID of the media", []func(*ReceiveParameters){withRIDs("h", "l")}, [2][]rtpheader.Element{
			{text(idMID, "v"), text(idRID, "l")}, {text(idMID, "v"), text(idRID, "l")},
		}, "l"},
		{"what was asked for", []func(*ReceiveParameters){withRIDs("h", "l")}, [2][]rtpheader.Element{
			{text(idMID, "v"), text(idRID, "h")}, nil,
		}, "h"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newReceiveWorld(t)
			v := newEar(codec.Video)
			w.s.SetReceivers([]Reception{videoReception(v, c.change...)})
			w.rtp(video(1, 10, c.marks[0]...), "10")
			w.rtp(video(1, 13, c.marks[0]...), "13")
			w.after(20 * ms)
			if n := w.nacked(); len(n) != 2 || n[0] != 11 || n[1] != 12 {
				t.Fatalf("asked for %v", n)
			}
			w.after(100 * ms)
			w.rtp(again(2, 500, 11, "11", c.marks[1]...))
			w.rtp(again(2, 501, 11, "11", c.marks[1]...)) // the answer to another request
			w.rtp(again(2, 502, 13, "13", c.marks[1]...))
			w.rtp(again(2, 503, 12, "12", c.marks[1]...))
			w.rtp(video(1, 12, c.marks[0]...), "12") // late, not lost
			for _, g := range v.got[c.rid] {
				if g.ssrc != 1 || g.pt != 96 || g.timestamp != uint32(g.sequence)*3000 || number(int(g.sequence)) != g.payload {
					t.Errorf("restored: %+v", g)
				}
				if late := g.sequence == 11 || g.sequence == 12; g.recovered != late {
					t.Errorf("packet %d: recovered %v", g.sequence, g.recovered)
				}
			}
			v.want(t, c.rid, "each packet once", "10", "13", "11", "12")
			w.after(time.Second)
			if n := w.nacked(); len(n) != 0 {
				t.Errorf("%v are still asked for", n)
			}
			for _, tr := range v.Tracks() {
				if want := uint32(2); tr.RID() == c.rid && tr.RTXSSRC() != want {
					t.Errorf("the track's RTX SSRC is %d", tr.RTXSSRC())
				}
			}
			s := v.Stats()
			if len(s) != 2 || s[0].Recovered != 2 || s[0].Duplicates != 3 || s[0].RetransmittedPackets != 4 || !s[1].Repair || s[1].Packets != 4 {
				t.Errorf("statistics: %+v", s)
			}
			if s[0].Lost != 1 {
				t.Errorf("%d lost: a retransmission does not undo the loss of the original", s[0].Lost)
			}
		})
	}
}

func TestRetransmissionBeforeItsStream(t *testing.T) {
	w := newReceiveWorld(t)
	v := newEar(codec.Video)
	w.s.SetReceivers([]Reception{videoReception(v)})
	w.rtp(again(2, 500, 9, "9"))
	w.rtp(video(1, 10), "10")
	w.s.Flush(w.now)
	v.want(t, "", "it waits for its stream", "10", "9")

	// One that is announced need not wait.
	v = newEar(codec.Video)
	w.s.SetReceivers([]Reception{videoReception(v, withSources(Source{SSRC: 11, RTX: 12}))})
	w.rtp(again(12, 500, 9, "9"))
	v.want(t, "", "its stream is announced", "9")
	w.rtp(video(11, 10), "10")
	w.rtp(video(11, 8), "8")
	v.want(t, "", "the stream goes on", "10", "8")
}

// TestRetransmissionsOfTheFormerStream shows that numbers of one SSRC are not taken
// for those of its successor.
func TestRetransmissionsOfTheFormerStream(t *testing.T) {
	w := newReceiveWorld(t)
	v := newEar(codec.Video)
	w.s.SetReceivers([]Reception{videoReception(v)})
	w.rtp(video(1, 10), "10")
	w.rtp(video(1, 13), "13")
	w.rtp(again(2, 1, 11, "11"))
	w.rtp(video(5, 20), "new 20")
	w.rtp(again(2, 2, 12, "12"))
	w.rtp(again(6, 1, 19, "new 19"))
	for _, g := range v.got[""] {
		if want := uint32(1); g.sequence < 19 && g.ssrc != want {
			t.Errorf("%+v", g)
		}
	}
	v.want(t, "", "both", "10", "13", "11", "new 20", "12", "new 19")
	if v.Main().SSRC() != 5 || v.Main().RTXSSRC() != 6 {
		t.Errorf("SSRCs %d and %d", v.Main().SSRC(), v.Main().RTXSSRC())
	}
}

// TestRetransmissionsDoNotResume: what senders probe with when a hold ends are
// packets from before it, which have been delivered.
func TestRetransmissionsDoNotResume(t *testing.T) {
	w := newReceiveWorld(t)
	v := newEar(codec.Video)
	w.s.SetReceivers([]Reception{videoReception(v)})
	for n := range uint16(5) {
		w.rtp(video(1, n+1), number(int(n)))
	}
	w.rtp(again(2, 1, 3, "2"))
	w.s.SetReceivers([]Reception{videoReception(v, func(p *ReceiveParameters) { p.Receiving = false })})
	w.s.SetReceivers([]Reception{videoReception(v)})
	w.rtp(again(2, 2, 3, "2"))
	w.rtp(video(1, 6), "5")
	w.after(20 * ms)
	if n := w.nacked(); len(n) != 0 {
		t.Errorf("asked for %v, from before the hold", n)
	}
	v.want(t, "", "each packet once", "0", "1", "2", "3", "4", "5")
}

func TestRetransmissionsAreChecked(t *testing.T) {
	w := newReceiveWorld(t)
	v := newEar(codec.Video)
	other := codec.Codec{PayloadType: 98, MimeType: "video/rtx", ClockRate: 90000, Fmtp: "apt=40"}
	w.s.SetReceivers([]Reception{videoReception(v, withCodecs(vp8, rtx, other))})
	w.rtp(video(1, 10), "10")
	f, _ := again(2, 1, 0, "")
	w.rtp(f, "") // padding without an original
	f.SequenceNumber = 2
	w.rtp(f, "x") // half a sequence number
	f, payload := again(2, 3, 9, "?")
	f.PayloadType = 98
	w.rtp(f, payload) // of a payload type that does not exist
	w.rtp(again(2, 4, 40000, "40000"))
	v.want(t, "", "nothing of use", "10")
	f, payload = again(2, 5, 11, "")
	f.Elements = nil
	w.rtp(f, payload)
	v.want(t, "", "an empty packet is one", "")
}

// TestRetransmissionsOfManyLayers shows that a guess needs to be without doubt.
func TestRetransmissionsOfManyLayers(t *testing.T) {
	w := newReceiveWorld(t)
	v := newEar(codec.Video)
	w.s.SetReceivers([]Reception{videoReception(v, withRIDs("h", "l"))})
	for i, rid := range []string{"h", "l"} {
		for _, n := range []uint16{10, 12} {
			w.rtp(video(uint32(i+1), n, text(idMID, "v"), text(idRID, rid)), "x")
		}
	}
	w.after(20 * ms)
	if n := w.nacked(); len(n) != 2 {
		t.Fatalf("asked for %v", n)
	}
	w.rtp(again(3, 1, 11, "whose", text(idMID, "v")))
	v.want(t, "h", "two streams miss it", "x", "x")
	v.want(t, "l", "two streams miss it", "x", "x")
}

func TestRequestsForPackets(t *testing.T) {
	w := newReceiveWorld(t)
	v, a := newEar(codec.Video), newEar(codec.Audio)
	w.s.SetReceivers([]Reception{videoReception(v), audioReception(a)})
	w.rtp(audio(5, 1), "a")
	w.rtp(audio(5, 9), "a")
	w.rtp(video(1, 65530), "v")
	w.rtp(video(1, 65532), "v")
	w.rtp(video(1, 65531), "v") // only overtaken
	w.rtp(video(1, 2), "v")
	w.s.Flush(w.now)
	if n := w.nacked(); len(n) != 0 {
		t.Errorf("asked for %v at once", n)
	}
	if next := w.s.NextTimeout(); !next.Equal(w.now.Add(maxReordering)) {
		t.Errorf("next timeout in %v", next.Sub(w.now))
	}
	w.after(maxReordering)
	if n := w.nacked(); len(n) != 5 || n[0] != 65533 || n[4] != 1 {
		t.Errorf("asked for %v, want 65533 to 1, and no audio, for which it was not negotiated", n)
	}
	w.after(80 * ms)
	w.rtp(video(1, 0), "v")
	w.after(45 * ms)
	if n := w.nacked(); len(n) != 4 {
		t.Errorf("asked again for %v", n)
	}
	for range 100 {
		w.after(100 * ms)
	}
	if n := w.nacked(); len(n) < 8 || len(n) > 4*maxNackTries {
		t.Errorf("asked for %d more before it gives up", len(n))
	}
	if s := v.Stats()[0]; s.PLIs == 0 {
		t.Error("what was given up has not led to a key frame")
	}
}
