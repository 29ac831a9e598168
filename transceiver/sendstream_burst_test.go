package transceiver

import (
	"errors"
	"fmt"
	"testing"

	"github.com/pion/rtp"
)

// burstOf returns a burst with payloads of one size: packets with the sequence
// numbers given. The test's end releases them.
func burstOf(t testing.TB, sequences ...uint16) (headers []rtp.Header, payloads []*Payload) {
	for _, n := range sequences {
		p := NewPayload(fmt.Appendf(nil, "payload %05d", n))
		t.Cleanup(p.Release)
		headers, payloads = append(headers, *rtpHeaderOf(96, n, 1000)), append(payloads, p)
	}
	return headers, payloads
}

// A frame's packets are given to the path together and in order, all of one size,
// so that the system can send them as one message.
func TestABurstLeavesTogether(t *testing.T) {
	w := newSendWorld(t)
	c := videoConfig()
	c.Extensions = allExtensions
	st := w.s.NewSendStream(c, SendEvents{})
	headers, payloads := burstOf(t, 100, 101, 102, 103, 104, 105, 106, 107)
	headers[7].Marker = true
	if err := st.WriteBurst(w.now, headers, payloads); err != nil {
		t.Fatal(err)
	}
	if len(w.rtp) != 8 {
		t.Fatalf("%d packets were sent, want 8", len(w.rtp))
	}
	for i, p := range w.rtp {
		if p.burst != 8 || p.SequenceNumber != 100+uint16(i) || p.Timestamp != 1000 || p.Marker != (i == 7) || string(p.payload) != string(payloads[i].b) {
			t.Errorf("packet %d of %d is %d at %d, marker %v, with %q", i, p.burst, p.SequenceNumber, p.Timestamp, p.Marker, p.payload)
		}
		if len(w.bytes[i]) != len(w.bytes[0]) {
			t.Errorf("packet %d has %d bytes, the first %d", i, len(w.bytes[i]), len(w.bytes[0]))
		}
	}
	if s := st.Stats(); s.Packets != 8 || s.Bytes != 8*uint64(len(payloads[0].b)) {
		t.Errorf("counted are %d packets and %d bytes", s.Packets, s.Bytes)
	}
	if w.wakes != 1 {
		t.Errorf("%d times reports were begun", w.wakes)
	}
	w.nack(100, 107)
	if got := w.rtp[8:]; len(got) != 2 || got[0].SSRC != videoRTX {
		t.Errorf("%d packets are sent again, want two", len(got))
	}
}

// A path takes so many packets at a time.
func TestLongBurstsAreCut(t *testing.T) {
	w := newSendWorld(t)
	st := w.s.NewSendStream(videoConfig(), SendEvents{})
	sequences := make([]uint16, 2*maxBurst+5)
	for i := range sequences {
		sequences[i] = 65500 + uint16(i)
	}
	headers, payloads := burstOf(t, sequences...)
	if err := st.WriteBurst(w.now, headers, payloads); err != nil {
		t.Fatal(err)
	}
	if n := len(w.rtp); n != len(sequences) || w.rtp[0].burst != maxBurst || w.rtp[n-1].burst != 5 {
		t.Errorf("%d packets in bursts of %d to %d", n, w.rtp[0].burst, w.rtp[n-1].burst)
	}
}

// What cannot be sent of a burst does not hold up the rest.
func TestABurstGoesOnAfterErrors(t *testing.T) {
	w := newSendWorld(t)
	st := w.s.NewSendStream(videoConfig(), SendEvents{})
	send := func(want error, headers []rtp.Header, payloads []*Payload) {
		t.Helper()
		if err := st.WriteBurst(w.now, headers, payloads); err != want {
			t.Errorf("got %v, want %v", err, want)
		}
	}
	headers, payloads := burstOf(t, 100, 100, 101, 99, 102)
	send(nil, headers, payloads) // one twice, one from before the beginning
	headers, payloads = burstOf(t, 103, 104, 105)
	headers[1].CSRC = make([]uint32, 16) // more than a header has room for
	before := len(w.rtp)
	if err := st.WriteBurst(w.now, headers, payloads); err == nil {
		t.Error("a packet with 16 contributing sources was sent")
	}
	if len(w.rtp) != before+2 {
		t.Errorf("%d packets beside the bad one, want 2", len(w.rtp)-before)
	}
	headers, payloads = burstOf(t, 106, 107)
	headers[0].SSRC = videoRTX
	send(nil, headers, payloads) // the stream makes retransmissions by itself
	headers, payloads = burstOf(t, 106, 107, 108, 109, 110)
	w.fails = errors.New("no path")
	send(w.fails, headers, payloads)
	w.fails = nil
	send(nil, headers, payloads) // their numbers are used up
	want := []uint16{100, 101, 102, 103, 105, 107, 106, 108, 109, 110}
	for i, p := range w.rtp {
		if i >= len(want) || p.SequenceNumber != want[i] {
			t.Fatalf("packet %d is number %d, want %v", i, p.SequenceNumber, want)
		}
	}
	if len(w.rtp) != len(want) {
		t.Errorf("%d packets were sent, want %v", len(w.rtp), want)
	}
	if st.burst.packets == nil || len(st.burst.packets) != 0 || len(st.burst.buffers) != 0 {
		t.Error("packets are left in the burst")
	}
	st.Close(w.now)
	send(ErrStreamClosed, headers, payloads)
	if err := st.WriteBurst(w.now, nil, nil); err != ErrStreamClosed {
		t.Errorf("an empty burst after the end: %v", err)
	}
}
