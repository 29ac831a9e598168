package transceiver

import (
	"errors"
	"net"
	"testing"
	"time"

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
