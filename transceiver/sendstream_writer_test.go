package transceiver

import (
	"testing"
	"time"

	"github.com/pion/rtp"

	"github.com/parleyrtc/webrtc/transceiver/feedback"
)

// What a track writes after another has taken its place is not sent.
func TestAStreamHasOneWriter(t *testing.T) {
	w := newSendWorld(t)
	st := w.s.NewSendStream(videoConfig(), SendEvents{})
	first := st.NewWriter()
	for i := range uint16(3) {
		if n, err := first.WriteRTP(w.now, rtpHeaderOf(96, 100+i, 1000), []byte("first")); n == 0 || err != nil {
			t.Fatalf("packet %d: %d, %v", i, n, err)
		}
	}
	second := st.NewWriter()
	for i := range uint16(3) {
		if n, err := first.WriteRTP(w.now, rtpHeaderOf(96, 103+i, 1000), []byte("late")); n != 0 || err != nil {
			t.Errorf("a late packet of the first writer: %d, %v", n, err)
		}
		p := NewPayload([]byte("late"))
		if err := first.WriteBurst(w.now, []rtp.Header{*rtpHeaderOf(96, 103+i, 1000)}, []*Payload{p}); err != nil {
			t.Errorf("a late packet of the first writer: %v", err)
		}
		p.Release()
		if n, err := second.WriteRTP(w.now, rtpHeaderOf(96, 40000+i, 7), []byte("second")); n == 0 || err != nil {
			t.Fatalf("packet %d: %d, %v", i, n, err)
		}
	}
	if len(w.rtp) != 6 {
		t.Fatalf("%d packets were sent, want 6", len(w.rtp))
	}
	for i, p := range w.rtp {
		if p.SequenceNumber != 100+uint16(i) {
			t.Errorf("packet %d has sequence number %d, want %d", i, p.SequenceNumber, 100+i)
		}
	}
}

// RFC 3550 §6.6: a stream that pauses says goodbye, once for what it has sent, and
// goes on where it was.
func TestPauseSaysGoodbye(t *testing.T) {
	w := newSendWorld(t)
	st := w.s.NewSendStream(videoConfig(), SendEvents{})
	st.Pause(w.now)
	if len(w.rtcp) != 0 {
		t.Error("who has sent nothing says goodbye (RFC 3550 §6.3.7)")
	}
	st.Configure(videoConfig())
	w.write(st, rtpHeaderOf(96, 100, 1000), "one")
	st.Pause(w.now)
	st.Pause(w.now)
	w.wantRefused(st, rtpHeaderOf(96, 101, 1000), nil, "while paused")
	w.after(3 * time.Second)
	var bye feedback.Goodbye
	if len(w.rtcp) != 1 {
		t.Fatalf("%d compounds, want one goodbye", len(w.rtcp))
	}
	find(t, w.rtcp[0], feedback.KindGoodbye, &bye)
	if len(bye.Sources) != 2 || bye.Sources[0] != videoSSRC || bye.Sources[1] != videoRTX {
		t.Errorf("goodbye of %x, want the stream's sources", bye.Sources)
	}
	for _, c := range w.runReports() {
		for _, k := range kinds(c) {
			if k == feedback.KindSenderReport {
				t.Error("a sender report behind the goodbye")
			}
		}
	}
	st.Configure(videoConfig())
	st.NewWriter()
	if p := w.write(st, rtpHeaderOf(96, 7, 7), "again"); p.SequenceNumber != 101 || p.Timestamp != 1000+3*90000 {
		t.Errorf("the stream goes on with %d at %d, want 101 and three seconds later", p.SequenceNumber, p.Timestamp)
	}
	before := len(w.rtcp)
	st.Close(w.now)
	if len(w.rtcp) != before+1 {
		t.Errorf("%d compounds at the end, want a goodbye", len(w.rtcp)-before)
	}
}
