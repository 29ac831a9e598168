package transceiver

import (
	"errors"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/pion/rtp"

	"github.com/parleyrtc/webrtc/transceiver/feedback"
	"github.com/parleyrtc/webrtc/transceiver/rtpheader"
)

func TestWrittenPacketsKeepTheirPlace(t *testing.T) {
	w := newSendWorld(t)
	st := w.s.NewSendStream(videoConfig(), SendEvents{})
	h := rtpHeaderOf(96, 65534, 4000000000)
	h.Marker = true
	h.CSRC = []uint32{7, 8}
	for i, want := range []uint16{65534, 65535, 0, 1} {
		h.SequenceNumber = want
		h.Timestamp += uint32(i) * 3000
		g := w.write(st, h, "payload")
		if g.SequenceNumber != want || g.Timestamp != h.Timestamp || g.SSRC != videoSSRC || g.PayloadType != 96 || !g.Marker ||
			string(g.payload) != "payload" || g.CSRCCount != 2 || g.CSRC(g.raw, 1) != 8 {
			t.Errorf("sent is %+v", g)
		}
	}
	if h.SSRC != 0xDEAD {
		t.Error("the source's header was changed")
	}
}

func TestLatePacketsPassOnce(t *testing.T) {
	w := newSendWorld(t)
	st := w.s.NewSendStream(videoConfig(), SendEvents{})
	for _, n := range []uint16{1000, 1001, 1005, 1003, 1010} {
		w.write(st, rtpHeaderOf(96, n, 0), "x")
	}
	if g := w.write(st, rtpHeaderOf(96, 1002, 0), "late"); g.SequenceNumber != 1002 {
		t.Errorf("the late packet has number %d", g.SequenceNumber)
	}
	for _, n := range []uint16{1000, 1002, 1003, 1010} {
		w.wantRefused(st, rtpHeaderOf(96, n, 0), ErrAlreadySent, "a packet that was sent")
	}
	w.wantRefused(st, rtpHeaderOf(96, 999, 0), ErrTooOld, "a packet from before the first")
	// A refused packet changes nothing.
	w.write(st, rtpHeaderOf(96, 1011, 0), "x")
}

func TestRebaseGoesOn(t *testing.T) {
	w := newSendWorld(t)
	st := w.s.NewSendStream(videoConfig(), SendEvents{})
	w.write(st, rtpHeaderOf(96, 500, 90000), "a")
	w.write(st, rtpHeaderOf(96, 501, 93000), "a")
	w.after(2 * time.Second)
	st.Rebase()
	steps := []struct {
		sequence, want  uint16
		timestamp, time uint32
	}{
		{40000, 502, 7, 93000 + 180000},
		{40001, 503, 7, 93000 + 180000},
		{40003, 505, 3007, 93000 + 183000},
		{40002, 504, 3007, 93000 + 183000},
	}
	for _, s := range steps {
		if g := w.write(st, rtpHeaderOf(96, s.sequence, s.timestamp), "b"); g.SequenceNumber != s.want || g.Timestamp != s.time {
			t.Errorf("packet %d is sent as %d at %d, want %d at %d", s.sequence, g.SequenceNumber, g.Timestamp, s.want, s.time)
		}
	}
	w.wantRefused(st, rtpHeaderOf(96, 39999, 0), ErrTooOld, "a packet from before the source's first")
	// At once, time still goes on.
	st.Rebase()
	if g := w.write(st, rtpHeaderOf(96, 3, 3), "c"); g.SequenceNumber != 506 || int32(g.Timestamp-(93000+183000)) <= 0 {
		t.Errorf("the third source begins at %d, %d", g.SequenceNumber, g.Timestamp)
	}
}

func TestNothingLeavesWithoutKeysOrWhilePaused(t *testing.T) {
	w := newKeylessWorld(t)
	st := w.s.NewSendStream(videoConfig(), SendEvents{})
	w.wantRefused(st, rtpHeaderOf(96, 1, 0), nil, "without keys")
	w.s.out.setSealer(w.seal)
	c := videoConfig()
	c.Active = false
	st.Configure(c)
	w.wantRefused(st, rtpHeaderOf(96, 2, 0), nil, "paused")
	c.Active = true
	st.Configure(c)
	if g := w.write(st, rtpHeaderOf(96, 3, 0), "x"); g.SequenceNumber != 3 {
		t.Errorf("the first packet has number %d", g.SequenceNumber)
	}
}

// Packets of a pause are no gap, for which the peer would ask; the source's clock
// has gone on.
func TestPausesLeaveNoGap(t *testing.T) {
	w := newSendWorld(t)
	c := videoConfig()
	st := w.s.NewSendStream(c, SendEvents{})
	w.write(st, rtpHeaderOf(96, 10, 3000), "x")
	w.write(st, rtpHeaderOf(96, 11, 6000), "x")
	c.Active = false
	st.Configure(c)
	for n := range uint16(20000) {
		w.wantRefused(st, rtpHeaderOf(96, 12+n, 9000), nil, "paused")
	}
	w.after(time.Hour)
	c.Active = true
	st.Configure(c)
	st.Configure(c)
	if g := w.write(st, rtpHeaderOf(96, 20012, 900000), "x"); g.SequenceNumber != 12 || g.Timestamp != 900000 {
		t.Errorf("after the pause: %d at %d", g.SequenceNumber, g.Timestamp)
	}
	w.wantRefused(st, rtpHeaderOf(96, 20011, 900000), ErrTooOld, "a packet of the pause")
	// A source that was replaced during the pause is another one all the same.
	c.Active = false
	st.Configure(c)
	st.Rebase()
	c.Active = true
	st.Configure(c)
	w.after(time.Second)
	if g := w.write(st, rtpHeaderOf(96, 7, 7), "x"); g.SequenceNumber != 13 || g.Timestamp != 990000 {
		t.Errorf("the new source begins with %d at %d", g.SequenceNumber, g.Timestamp)
	}
}

func TestPathErrorsAreReturned(t *testing.T) {
	w := newSendWorld(t)
	st := w.s.NewSendStream(videoConfig(), SendEvents{})
	w.fails = errors.New("no path")
	if _, err := st.WriteRTP(w.now, rtpHeaderOf(96, 1, 0), []byte("x")); err != w.fails {
		t.Errorf("got %v", err)
	}
	w.fails = nil
	w.wantRefused(st, rtpHeaderOf(96, 1, 0), ErrAlreadySent, "the packet that the path did not take")
	w.write(st, rtpHeaderOf(96, 2, 0), "x")
}

func TestBadFieldsChangeNothing(t *testing.T) {
	w := newSendWorld(t)
	st := w.s.NewSendStream(videoConfig(), SendEvents{})
	h := rtpHeaderOf(200, 9, 0)
	w.wantRefused(st, h, rtpheader.ErrFields, "payload type 200")
	h.PayloadType, h.CSRC = 96, make([]uint32, 16)
	w.wantRefused(st, h, rtpheader.ErrFields, "16 contributing sources")
	h.CSRC = nil
	w.write(st, h, "x")
}

func TestPaddingIsWritten(t *testing.T) {
	w := newSendWorld(t)
	st := w.s.NewSendStream(videoConfig(), SendEvents{})
	h := rtpHeaderOf(96, 1, 0)
	h.Padding, h.PaddingSize = true, 20
	if g := w.write(st, h, ""); g.PaddingSize != 20 || len(g.payload) != 0 {
		t.Errorf("padding %d, payload %x", g.PaddingSize, g.payload)
	}
	if s := st.Stats(); s.Packets != 1 || s.Bytes != 0 || s.HeaderBytes != 12+20 {
		t.Errorf("%+v", s)
	}
}

func TestClosedStreamsSendNothing(t *testing.T) {
	w := newSendWorld(t)
	a, b := w.s.NewSendStream(videoConfig(), SendEvents{}), w.s.NewSendStream(audioConfig(), SendEvents{})
	w.write(a, rtpHeaderOf(96, 1, 0), "x")
	a.Close(w.now)
	a.Close(w.now)
	w.wantRefused(a, rtpHeaderOf(96, 2, 0), ErrStreamClosed, "a closed stream")
	if !errors.Is(ErrStreamClosed, net.ErrClosed) {
		t.Error("the error is not net.ErrClosed")
	}
	w.write(b, rtpHeaderOf(111, 1, 0), "x")
	w.s.out.close(w.now)
	w.s.out.close(w.now)
	w.wantRefused(b, rtpHeaderOf(111, 2, 0), ErrStreamClosed, "a stream of a closed session")
	c := w.s.NewSendStream(audioConfig(), SendEvents{})
	w.wantRefused(c, rtpHeaderOf(111, 9, 0), ErrStreamClosed, "a stream of a session that was closed before")
	if err := w.s.out.sendRTCP(w.now, nil); !errors.Is(err, net.ErrClosed) {
		t.Errorf("RTCP of a closed session: %v", err)
	}
	if at := w.s.out.nextTimeout(); !at.IsZero() {
		t.Errorf("a closed session waits for %v", at)
	}
	if err := a.InsertDTMF(w.now, "1", 0, 0); err != ErrStreamClosed {
		t.Errorf("tones of a closed stream: %v", err)
	}
	a.Configure(videoConfig())
	if w.s.out.stream(videoSSRC) != nil {
		t.Error("a closed stream is back")
	}
}

func TestSSRCsAreChosenWhereNoneAreGiven(t *testing.T) {
	w := newSendWorld(t)
	c := videoConfig()
	c.SSRC = 0
	st := w.s.NewSendStream(c, SendEvents{})
	first := st.SSRC()
	if first == 0 || w.s.out.stream(first) != st {
		t.Fatalf("SSRC %d", first)
	}
	st.Configure(c)
	if st.SSRC() != first {
		t.Error("another SSRC was chosen for the same stream")
	}
	if g := w.write(st, rtpHeaderOf(96, 1, 0), "x"); g.SSRC != first {
		t.Errorf("sent with %d", g.SSRC)
	}
	c.SSRC = 42
	st.Configure(c)
	if g := w.write(st, rtpHeaderOf(96, 2, 0), "x"); g.SSRC != 42 || g.SequenceNumber != 2 {
		t.Errorf("sent with %d, number %d", g.SSRC, g.SequenceNumber)
	}
	if w.s.out.stream(first) != nil || w.s.out.stream(42) != st {
		t.Error("the stream is found under its old SSRC")
	}
}

// All that may happen at once, does; the race detector looks on.
func TestStreamsAreSafeForConcurrentUse(t *testing.T) {
	w := newSendWorld(t)
	w.s.cfg.Send = func([][]byte) error { return nil }
	w.s.cfg.Wake, w.s.cfg.Rand = func() {}, random
	events := SendEvents{OnKeyFrameRequest: func() {}, OnRTCP: func([]byte) {}, OnBitrate: func(uint64) {}, OnToneChange: func(string) {}}
	a, b := videoConfig(), audioConfig()
	a.Extensions, b.Extensions = allExtensions, allExtensions
	video, audio := w.s.NewSendStream(a, events), w.s.NewSendStream(b, events)
	now := func(i uint16) time.Time { return sendEpoch.Add(time.Duration(i) * 5 * time.Millisecond) }
	var group sync.WaitGroup
	run := func(f func(i uint16)) {
		group.Go(func() {
			for i := range uint16(500) {
				f(i)
			}
		})
	}
	p := NewPayload([]byte("payload"))
	run(func(i uint16) { _, _ = video.WriteRTP(now(i), rtpHeaderOf(96, i, 0), []byte("x")) })
	run(func(i uint16) {
		_ = video.WriteBurst(now(i), []rtp.Header{*rtpHeaderOf(96, i, 0), *rtpHeaderOf(96, i+1, 0)}, []*Payload{p, p})
	})
	run(func(i uint16) { _, _ = audio.WriteRTP(now(i), rtpHeaderOf(111, i, 0), []byte("x")) })
	run(func(i uint16) {
		r := feedback.NewReader(feedback.PictureLoss{Media: videoSSRC}.Append(nackOf(videoSSRC, i-1, i-2, i-3)))
		for q, ok := r.Next(); ok; q, ok = r.Next() {
			w.s.out.handleRTCP(now(i), q)
		}
	})
	run(func(i uint16) {
		for w.s.out.reportsDue(now(i)) {
			_ = w.s.out.sendRTCP(now(i), w.s.out.appendReports(nil, now(i), nil))
		}
		w.s.out.handleTimeout(now(i))
		w.s.out.nextTimeout()
	})
	run(func(i uint16) {
		video.Configure(a)
		video.Rebase()
		video.Stats()
		_ = audio.InsertDTMF(now(i), "1", 0, 0)
		audio.ToneBuffer()
	})
	run(func(i uint16) {
		c := videoConfig()
		c.SSRC, c.RTXSSRC = 0, 0
		st := w.s.NewSendStream(c, events)
		_, _ = st.WriteRTP(now(i), rtpHeaderOf(96, i, 0), []byte("x"))
		st.Close(now(i))
		if i == 400 {
			video.Close(now(i))
		}
	})
	group.Wait()
	w.s.out.close(w.now)
	p.Release()
}

// RFC 3711 §9.1: a stream under an SSRC that has sent before with the same keys
// goes on behind what was sent, whatever its source counts from.
func TestStreamsFollowEachOtherUnderOneSSRC(t *testing.T) {
	w := newSendWorld(t)
	for round, sequence := range []uint16{30000, 100, 65535, 40000} {
		st := w.s.NewSendStream(videoConfig(), SendEvents{})
		for i := range uint16(5) {
			last := len(w.rtp) - 1
			got := w.write(st, rtpHeaderOf(96, sequence+i, 7), number(int(i)))
			if want := uint16(30000 + 5*round + int(i)); got.SequenceNumber != want || got.Timestamp != 7 {
				t.Errorf("round %d, packet %d: sequence number %d, want %d; timestamp %d", round, i, got.SequenceNumber, want, got.Timestamp)
			}
			if last >= 0 && got.SSRC != videoSSRC {
				t.Errorf("SSRC %x", got.SSRC)
			}
		}
		var repaired []sentRTP
		before := len(w.rtp)
		w.nack(uint16(30000 + 5*round + 4))
		if repaired = w.rtp[before:]; len(repaired) != 1 || repaired[0].SSRC != videoRTX {
			t.Errorf("round %d: %d packets are sent again", round, len(repaired))
		}
		w.rtp = w.rtp[:before]
		st.Close(w.now)
	}
	// Tones may come first.
	st := w.s.NewSendStream(audioConfig(), SendEvents{})
	w.write(st, rtpHeaderOf(111, 500, 0), "x")
	st.Close(w.now)
	st = w.s.NewSendStream(audioConfig(), SendEvents{})
	before := len(w.rtp)
	if err := st.InsertDTMF(w.now, "1", 0, 0); err != nil {
		t.Fatal(err)
	}
	w.s.HandleTimeout(w.now)
	if tones := w.rtp[before:]; len(tones) == 0 || tones[0].SequenceNumber != 501 {
		t.Errorf("tones: %+v", tones)
	}
}

// What an interceptor sends again by itself would be taken for the source's own
// packets, under its numbers.
func TestRetransmissionsOfOthersAreDropped(t *testing.T) {
	w := newSendWorld(t)
	st := w.s.NewSendStream(videoConfig(), SendEvents{})
	w.write(st, rtpHeaderOf(96, 100, 1000), "one")
	again := rtpHeaderOf(97, 5000, 1000)
	again.SSRC = videoRTX
	w.wantRefused(st, again, nil, "a retransmission")
	if p := w.write(st, rtpHeaderOf(96, 101, 2000), "two"); p.SequenceNumber != 101 {
		t.Errorf("sequence number %d, want 101", p.SequenceNumber)
	}
}
