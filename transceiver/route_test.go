package transceiver

import (
	"errors"
	"io"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyrtc/webrtc/internal/codec"
	"github.com/parleyrtc/webrtc/transceiver/feedback"
)

// TestRoutePrefersMIDs walks RFC 9143 §9.2: the MID, then the SSRC, then the
// payload type if one m-line alone has it.
func TestRoutePrefersMIDs(t *testing.T) {
	w := newReceiveWorld(t)
	one, two, sound := newEar(codec.Video), newEar(codec.Video), newEar(codec.Audio)
	w.s.SetReceivers([]Reception{
		videoReception(one, withMid("1"), withSources(Source{SSRC: 100})),
		videoReception(two, withMid("2"), withSources(Source{SSRC: 200})),
		audioReception(sound),
	})
	w.rtp(video(100, 1), "announced")
	one.want(t, "", "an announced SSRC", "announced")
	w.rtp(video(200, 1, text(idMID, "1")), "mid")
	one.want(t, "", "a MID against an announcement", "mid")
	w.rtp(video(200, 2), "still")
	one.want(t, "", "the MID has moved the SSRC", "still")
	w.rtp(audio(300, 1), "pt")
	sound.want(t, "", "a payload type of one m-line", "pt")
	w.rtp(video(400, 1), "which")
	one.want(t, "", "a payload type of two m-lines")
	two.want(t, "", "a payload type of two m-lines")
	w.rtp(video(400, 2, text(idMID, "2")), "this")
	two.want(t, "", "a MID at last", "which", "this")
	w.rtp(video(400, 3, text(idMID, "1")), "moved")
	one.want(t, "", "another MID", "moved")
}

func TestRouteIgnoresOldMIDs(t *testing.T) {
	w := newReceiveWorld(t)
	one, two := newEar(codec.Video), newEar(codec.Video)
	w.s.SetReceivers([]Reception{videoReception(one, withMid("1")), videoReception(two, withMid("2"))})
	w.rtp(video(5, 10, text(idMID, "1")), "a")
	w.rtp(video(5, 12, text(idMID, "2")), "b")
	w.rtp(video(5, 11, text(idMID, "1")), "late")
	w.rtp(video(5, 13), "c")
	one.want(t, "", "the first m-line", "a")
	two.want(t, "", "the second: a MID that was sent before the last says nothing", "b", "late", "c")
}

// TestRouteLearnsWhatItKnows shows that a stream goes on when something says at
// last what was known another way.
func TestRouteLearnsWhatItKnows(t *testing.T) {
	w := newReceiveWorld(t)
	v := newEar(codec.Video)
	w.s.SetReceivers([]Reception{videoReception(v, withRIDs("h"), withSources(Source{SSRC: 5, RID: "h"}))})
	w.rtp(video(5, 1), "a")
	w.rtp(video(5, 3), "c")
	w.rtp(video(5, 4, text(idMID, "v"), text(idRID, "h")), "d")
	w.after(20 * ms)
	if n := w.nacked(); len(n) != 1 || n[0] != 2 {
		t.Errorf("asked for %v", n)
	}
	v.want(t, "h", "all", "a", "c", "d")
	if g := v.Tracks()[1].generation.Load(); g != 1 {
		t.Errorf("it began anew %d times", g-1)
	}
}

func TestRouteDropsWhatWasNotNegotiated(t *testing.T) {
	w := newReceiveWorld(t)
	v, a := newEar(codec.Video), newEar(codec.Audio)
	w.s.SetReceivers([]Reception{videoReception(v), audioReception(a)})
	f := video(5, 1, text(idMID, "v"))
	f.PayloadType = opus.PayloadType
	w.rtp(f, "audio on the video line")
	f.PayloadType, f.SequenceNumber = 50, 2
	w.rtp(f, "no payload type of anyone's")
	v.want(t, "", "payload types of others")
	if st := v.Stats(); len(st) != 1 || st[0].Discarded != 2 {
		t.Errorf("statistics: %+v", st)
	}
	w.s.SetReceivers([]Reception{videoReception(v, func(p *ReceiveParameters) { p.Receiving = false }), audioReception(a)})
	w.rtp(video(5, 3), "forbidden")
	v.want(t, "", "the direction forbids it")
	w.s.SetReceivers([]Reception{videoReception(v), audioReception(a)})
	w.rtp(video(5, 1000), "allowed")
	v.want(t, "", "the direction allows it", "allowed")
	w.s.Flush(w.now.Add(time.Second))
	if n := w.nacked(); len(n) != 0 {
		t.Errorf("%d packets are missed that the direction forbade", len(n))
	}
}

// TestWhatIsPassedOverIsNotMissing: packets of payload types that nobody uses, and
// of FEC, have come; what is missing between them and media is asked for.
func TestWhatIsPassedOverIsNotMissing(t *testing.T) {
	for _, fec := range []bool{false, true} {
		w := newReceiveWorld(t)
		v := newEar(codec.Video)
		codecs := []codec.Codec{vp8, rtx}
		if fec {
			codecs = append(codecs, codec.Codec{PayloadType: 50, MimeType: "video/ulpfec", ClockRate: 90000})
		}
		w.s.SetReceivers([]Reception{videoReception(v, withCodecs(codecs...))})
		other := func(n uint16) {
			f := video(5, n)
			f.PayloadType = 50
			w.rtp(f, "no media")
		}
		w.rtp(video(5, 1), "1")
		other(2)
		w.rtp(video(5, 3), "3")
		other(5) // 4 is lost
		w.rtp(video(5, 6), "6")
		w.rtp(video(5, 8), "8")
		other(7) // late
		w.after(20 * ms)
		if n := w.nacked(); len(n) != 1 || n[0] != 4 {
			t.Errorf("FEC %v: asked for %v, want 4", fec, n)
		}
		v.want(t, "", "media", "1", "3", "6", "8")
		if s := v.Stats()[0]; s.Lost != 1 || s.Packets != 7 {
			t.Errorf("FEC %v: %+v", fec, s)
		}
	}
}

func TestRouteParksWhatIsEarly(t *testing.T) {
	w := newReceiveWorld(t)
	v := newEar(codec.Video)
	w.rtp(video(5, 1, text(3, "v")), "a") // extensions are not known yet
	w.rtp(video(5, 2), "b")
	w.now = w.now.Add(time.Second)
	w.rtp(video(6, 1), "c")
	if s := w.s.Stats(); s.Parked != 3 || s.Unroutable != 0 {
		t.Errorf("%+v", s)
	}
	w.s.SetReceivers([]Reception{videoReception(v, withSources(Source{SSRC: 5}))})
	w.s.Flush(w.now)
	v.want(t, "", "after the m-line was there", "a", "b", "c")
	if len(v.tracks) != 1 || v.tracks[0] != v.Main() {
		t.Errorf("%d tracks were announced", len(v.tracks))
	}
	if s := w.s.Stats(); s.Parked != 0 {
		t.Errorf("%+v", s)
	}
}

func TestRouteParksWithinBounds(t *testing.T) {
	w := newReceiveWorld(t)
	for i := range 3000 {
		w.rtp(video(uint32(i%100+1), uint16(i)), "x")
	}
	if s := w.s.Stats(); s.Parked != maxParked || s.Unroutable != 3000-maxParked {
		t.Errorf("many streams: %+v", s)
	}
	w.after(maxParkedAge)
	if s := w.s.Stats(); s.Parked != 0 || s.Unroutable != 3000 {
		t.Errorf("after a while: %+v", s)
	}
	for i := range 1000 {
		w.rtp(video(7, uint16(10000+i)), "x")
	}
	if s := w.s.Stats(); s.Parked != maxParkedOfStream {
		t.Errorf("one stream: %+v", s)
	}
	if next := w.s.NextTimeout(); !next.Equal(w.now.Add(maxParkedAge)) {
		t.Errorf("next timeout in %v", next.Sub(w.now))
	}
}

func TestRouteByRID(t *testing.T) {
	w := newReceiveWorld(t)
	v := newEar(codec.Video)
	w.s.SetReceivers([]Reception{videoReception(v, withRIDs("h", "l"))})
	w.rtp(video(1, 1, text(idMID, "v"), text(idRID, "h")), "h1")
	w.rtp(video(2, 1, text(idMID, "v"), text(idRID, "l")), "l1")
	w.rtp(video(1, 2), "h2")
	w.rtp(video(2, 2), "l2")
	w.rtp(video(3, 1, text(idMID, "v"), text(idRID, "x")), "nobody's")
	w.rtp(video(4, 1, text(idMID, "v")), "?1")
	v.want(t, "h", "the high one", "h1", "h2")
	v.want(t, "l", "the low one", "l1", "l2")
	v.want(t, "", "the main track")
	w.rtp(video(4, 2, text(idRID, "h")), "h3")
	v.want(t, "h", "a new SSRC, of which the first packet did not say the RID", "?1", "h3")
	if n := len(v.Tracks()); n != 3 || len(v.tracks) != 2 {
		t.Errorf("%d tracks, %d announced", n, len(v.tracks))
	}
	if v.Tracks()[1].SSRC() != 4 || v.Tracks()[2].SSRC() != 2 || v.Main().SSRC() != 0 {
		t.Error("the tracks have the wrong SSRCs")
	}
}

func TestRouteByDescription(t *testing.T) {
	w := newReceiveWorld(t)
	one, two := newEar(codec.Video), newEar(codec.Video)
	w.s.SetReceivers([]Reception{videoReception(one, withMid("1")), videoReception(two, withMid("2"), withRIDs("r"))})
	w.rtp(video(5, 1), "a")
	d := feedback.Description{Items: []feedback.Item{
		{SSRC: 5, Type: feedback.ItemCNAME, Text: []byte("somebody")},
		{SSRC: 5, Type: feedback.ItemMID, Text: []byte("2")}, {SSRC: 5, Type: feedback.ItemRID, Text: []byte("r")},
	}}
	w.rtcpFrom(d.Append((&feedback.ReceiverReport{SSRC: 9}).Append(nil)))
	w.rtp(video(5, 2), "b")
	two.want(t, "r", "SDES has told", "a", "b")
	if s := two.Stats(); len(s) != 1 || s[0].CNAME != "somebody" || s[0].RID != "r" {
		t.Errorf("statistics: %+v", s)
	}
}

func TestRouteFollowsRenegotiation(t *testing.T) {
	w := newReceiveWorld(t)
	v, other := newEar(codec.Video), newEar(codec.Video)
	w.s.SetReceivers([]Reception{videoReception(v, withSources(Source{SSRC: 5}))})
	w.rtp(video(5, 1), "a")
	// The same again, and one more m-line: nothing starts anew.
	w.s.SetReceivers([]Reception{videoReception(v, withSources(Source{SSRC: 5})), videoReception(other, withMid("o"))})
	w.rtp(video(5, 3), "c")
	w.now = w.now.Add(20 * time.Millisecond)
	w.s.Flush(w.now)
	if n := w.nacked(); len(n) != 1 || n[0] != 2 {
		t.Errorf("a gap over a renegotiation asks for %v", n)
	}
	// The SSRC is announced for the other m-line now.
	w.s.SetReceivers([]Reception{videoReception(v), videoReception(other, withMid("o"), withSources(Source{SSRC: 5}))})
	w.rtp(video(5, 4), "d")
	v.want(t, "", "before", "a", "c")
	other.want(t, "", "after", "d")
	// The m-line is gone.
	w.s.SetReceivers([]Reception{videoReception(v)})
	if other.Receiver.session.Load() != nil || v.Receiver.session.Load() != w.s {
		t.Error("receivers are attached that are not listed, or the other way round")
	}
	w.rtp(video(5, 5), "e")
	v.want(t, "", "its payload type is that of one m-line now", "e")
	v.Receiver.Close()
	w.rtp(video(5, 6), "f")
	v.want(t, "", "closed")
	if n := len(w.s.table.bindings); n != 0 {
		t.Errorf("%d m-lines are left", n)
	}
}

// A stream that a payload type has given to an m-line is free again once that is
// gone: another one may have taken its place.
func TestRouteLetsGoOfWhatPayloadTypesSaid(t *testing.T) {
	w := newReceiveWorld(t)
	v, next, a := newEar(codec.Video), newEar(codec.Video), newEar(codec.Audio)
	pcmu := codec.Codec{PayloadType: 0, MimeType: "audio/PCMU", ClockRate: 8000}
	w.s.SetReceivers([]Reception{videoReception(v)})
	w.rtp(video(5, 1), "a")
	w.s.SetReceivers([]Reception{audioReception(a, withCodecs(pcmu))})
	w.rtp(video(5, 2), "b") // it waits
	w.s.SetReceivers([]Reception{audioReception(a, withCodecs(pcmu)), videoReception(next, withMid("w"))})
	w.rtp(video(5, 3), "c")
	v.want(t, "", "before", "a")
	a.want(t, "", "none of its payload types came")
	next.want(t, "", "after", "b", "c")
}

func TestTrackIsAnnouncedAgain(t *testing.T) {
	w := newReceiveWorld(t)
	v := newEar(codec.Video)
	paused := func(p *ReceiveParameters) { p.Receiving = false }
	w.s.SetReceivers([]Reception{videoReception(v)})
	w.rtp(video(5, 1), "a")
	w.rtp(video(5, 2), "b")
	w.s.SetReceivers([]Reception{videoReception(v, paused)})
	w.s.SetReceivers([]Reception{videoReception(v)})
	w.rtp(video(5, 3), "c")
	if len(v.tracks) != 2 || v.tracks[0] != v.tracks[1] {
		t.Errorf("announced %d times", len(v.tracks))
	}
	if c := v.Main().Codec(); c.MimeType != "video/VP8" || v.Main().PayloadType() != 96 {
		t.Errorf("codec %v, payload type %d", c, v.Main().PayloadType())
	}
}

func TestAccompanimentIsNoCodec(t *testing.T) {
	w := newReceiveWorld(t)
	a := newEar(codec.Audio)
	w.s.SetReceivers([]Reception{audioReception(a)})
	f := audio(1, 1)
	f.PayloadType = tone.PayloadType
	w.rtp(f, "tone")
	if tr := a.Main(); tr.PayloadType() != tone.PayloadType || tr.Codec().MimeType != opus.MimeType || tr.Receiver() != a.Receiver {
		t.Errorf("payload type %d, codec %v", tr.PayloadType(), tr.Codec())
	}
	w.rtp(audio(1, 2), "speech")
	if tr := a.Main(); tr.PayloadType() != opus.PayloadType || tr.Codec().MimeType != opus.MimeType {
		t.Errorf("payload type %d, codec %v", tr.PayloadType(), tr.Codec())
	}
	a.want(t, "", "both", "tone", "speech")
}

func TestReceiverMovesToAnotherSession(t *testing.T) {
	one, two := newReceiveWorld(t), newReceiveWorld(t)
	v := newEar(codec.Video)
	one.s.SetReceivers([]Reception{videoReception(v)})
	one.rtp(video(1, 1), "one")
	two.s.SetReceivers([]Reception{videoReception(v)})
	one.s.SetReceivers(nil)
	two.rtp(video(1, 2), "two")
	one.rtp(video(1, 3), "three")
	v.want(t, "", "the session that it belongs to", "one", "two")
	if v.Receiver.session.Load() != two.s || len(v.tracks) != 1 {
		t.Errorf("attached to the wrong session; announced %d times", len(v.tracks))
	}
	if g := v.Main().generation.Load(); g != 2 {
		t.Errorf("%d runs", g)
	}
}

// TestFloodSparesWhoSends shows that streams that nobody announced stay, too, as
// long as they send.
func TestFloodSparesWhoSends(t *testing.T) {
	w := newReceiveWorld(t)
	v := newEar(codec.Video)
	w.s.SetReceivers([]Reception{videoReception(v)})
	const own = 30
	var began [own]*stream
	for i := range 3000 {
		for n := range uint32(own) {
			w.rtp(video(n+1, uint16(i), text(idMID, "v")), "x")
			if i == 0 {
				began[n] = w.s.streams[n+1]
			}
		}
		w.rtp(video(uint32(1000+i), 1, text(idMID, "v")), "flood")
	}
	for n := range uint32(own) {
		if w.s.streams[n+1] != began[n] {
			t.Errorf("stream %d was evicted", n+1)
		}
	}
	if s := w.s.Stats(); s.Evicted < 2900 {
		t.Errorf("%+v", s)
	}
}

func TestFloodOfSSRCsIsBounded(t *testing.T) {
	w := newReceiveWorld(t)
	v := newEar(codec.Video)
	w.s.SetReceivers([]Reception{videoReception(v, withSources(Source{SSRC: 5, RTX: 6}))})
	w.rtp(video(5, 1), "0")
	for i := range 20000 {
		w.rtp(video(uint32(1000+i), uint16(i), text(idMID, "v")), "flood")
		if i%20 == 0 {
			w.rtp(video(5, uint16(2+i/20)), number(i/20))
		}
	}
	own := 0
	for _, g := range v.got[""] {
		if g.ssrc == 5 {
			own++
		}
	}
	if own != 1001 {
		t.Errorf("%d packets of the announced stream came through, want 1001", own)
	}
	if s := w.s.Stats(); s.Streams > spareStreams+streamsPerReceiver+2 || s.Evicted < 19000 {
		t.Errorf("%+v", s)
	}
	if len(w.s.ring) != len(w.s.streams) {
		t.Errorf("%d streams in the ring, %d in the map", len(w.s.ring), len(w.s.streams))
	}
}

// TestReceiverReadsOnThroughAMove: the former session learns last that it is not
// its any more, and must not end what the new one has begun.
func TestReceiverReadsOnThroughAMove(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one, two := newReceiveWorld(t), newReceiveWorld(t)
		v := &ear{Receiver: NewReceiver(codec.Video, ReceiverConfig{})}
		one.s.SetReceivers([]Reception{videoReception(v)})
		two.s.SetReceivers([]Reception{videoReception(v)})
		one.s.SetReceivers(nil)
		v.Main().SetReadDeadline(time.Now().Add(time.Second))
		if _, _, err := v.Main().Read(make([]byte, 1500)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("reading ended by %v, though the receiver receives", err)
		}
		two.s.SetReceivers(nil)
		v.Main().SetReadDeadline(time.Time{})
		if _, _, err := v.Main().Read(make([]byte, 1500)); err != io.EOF {
			t.Errorf("reading ended by %v, want EOF once nothing may come", err)
		}
	})
}
