package transceiver

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc/internal/codec"
)

// RFC 4588 §4.
func TestNacksAreAnsweredByRetransmissions(t *testing.T) {
	w := newSendWorld(t)
	c := videoConfig()
	c.RID, c.Extensions = "q", allExtensions
	st := w.s.NewSendStream(c, SendEvents{})
	for n := range uint16(10) {
		h := rtpHeaderOf(96, n+65530, 3000*uint32(n))
		h.Marker = n == 5
		h.CSRC = []uint32{uint32(n)}
		if err := h.SetExtension(idLevel, []byte{byte(n)}); err != nil {
			t.Fatal(err)
		}
		w.write(st, h, fmt.Sprint("payload ", n))
	}
	before := len(w.rtp)
	w.nack(65535, 0, 3, 9999)
	again := w.rtp[before:]
	if len(again) != 3 {
		t.Fatalf("%d retransmissions", len(again))
	}
	for i, n := range []uint16{5, 6, 9} {
		g := again[i]
		sequence, payload := g.original()
		if sequence != n+65530 || payload != fmt.Sprint("payload ", n) || g.PayloadType != 97 || g.SSRC != videoRTX ||
			g.Timestamp != 3000*uint32(n) || g.Marker != (n == 5) || g.CSRCCount != 1 || g.CSRC(g.raw, 0) != uint32(n) || g.burst != 3 {
			t.Errorf("retransmission of %d, %q: %+v", sequence, payload, g.Header)
		}
		if i > 0 && g.SequenceNumber != again[i-1].SequenceNumber+1 {
			t.Errorf("number %d follows %d", g.SequenceNumber, again[i-1].SequenceNumber)
		}
		w.wantIDs(g, "a retransmission", idMID, idRepaired, idTransport, idTime, idLevel)
		if got := g.Extension(g.raw, idLevel); !bytes.Equal(got, []byte{byte(n)}) {
			t.Errorf("the original's extension became %x", got)
		}
	}
	if s := st.Stats(); s.Nacks != 1 || s.Packets != 10 || s.Retransmitted != 3 || s.RetransmittedBytes != 3*9 {
		t.Errorf("%+v", s)
	}
}

// Each retransmission of a packet is another packet (RFC 4588 §4), at most one
// in a round trip.
func TestRetransmissionsAreLimitedByTheRoundTrip(t *testing.T) {
	w := newSendWorld(t)
	st := w.s.NewSendStream(videoConfig(), SendEvents{})
	w.write(st, rtpHeaderOf(96, 1, 0), "x")
	w.s.noteRTT(100 * time.Millisecond)
	for _, step := range []struct {
		after time.Duration
		want  int
	}{
		{0, 1}, // the first request may come at any time
		{50 * time.Millisecond, 1},
		{24 * time.Millisecond, 1},
		{time.Millisecond, 2},
		{74 * time.Millisecond, 2},
		{time.Millisecond, 3},
	} {
		w.after(step.after)
		w.nack(1)
		if got := len(w.rtp) - 1; got != step.want {
			t.Fatalf("after %v: %d retransmissions, want %d", w.now.Sub(sendEpoch), got, step.want)
		}
	}
	if a, b := w.rtp[1], w.rtp[2]; a.SequenceNumber == b.SequenceNumber {
		t.Error("two retransmissions have one sequence number")
	}
}

// Without a round trip to go by there is a limit, too.
func TestRetransmissionsAreLimitedWithoutReports(t *testing.T) {
	w := newSendWorld(t)
	st := w.s.NewSendStream(videoConfig(), SendEvents{})
	w.write(st, rtpHeaderOf(96, 1, 0), "x")
	for range 1000 {
		w.after(time.Millisecond)
		w.nack(1)
	}
	if n := st.Stats().Retransmitted; n != 50 {
		t.Errorf("%d retransmissions in a second", n)
	}
	w.s.noteRTT(time.Microsecond)
	for range 1000 {
		w.after(100 * time.Microsecond)
		w.nack(1)
	}
	if n := st.Stats().Retransmitted; n > 71 {
		t.Errorf("%d retransmissions in a tenth of a second", n-50)
	}
}

// Without RTX a packet is sent again as the bytes that it was: to seal it anew
// would use its nonce twice.
func TestWithoutRTXTheSealedBytesAreResent(t *testing.T) {
	for name, change := range map[string]func(*SendConfig){
		"no format": func(c *SendConfig) { c.Codecs = []codec.Codec{vp8} },
		"no source": func(c *SendConfig) { c.RTXSSRC = 0 },
		"of another format": func(c *SendConfig) {
			c.Codecs = []codec.Codec{vp8, {PayloadType: 97, MimeType: "video/rtx", Fmtp: "apt=98"}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newSendWorld(t)
			c := videoConfig()
			change(&c)
			c.Extensions = allExtensions
			st := w.s.NewSendStream(c, SendEvents{})
			w.write(st, rtpHeaderOf(96, 1, 0), "one")
			w.write(st, rtpHeaderOf(96, 2, 0), "two")
			w.nack(2, 1)
			if len(w.bytes) != 4 || !bytes.Equal(w.bytes[2], w.bytes[1]) || !bytes.Equal(w.bytes[3], w.bytes[0]) {
				t.Errorf("%d packets were sent, or others", len(w.bytes))
			}
			if s := st.Stats(); s.Packets != 2 || s.Retransmitted != 2 || s.RetransmittedBytes != 6 {
				t.Errorf("%+v", s)
			}
		})
	}
}

func TestNothingIsKeptThatIsNotAskedFor(t *testing.T) {
	w := newSendWorld(t)
	st := w.s.NewSendStream(audioConfig(), SendEvents{})
	w.write(st, rtpHeaderOf(111, 1, 0), "x")
	if st.history.count != 0 || st.history.slots != nil {
		t.Error("audio without NACK is kept")
	}
	video := w.s.NewSendStream(videoConfig(), SendEvents{})
	w.write(video, rtpHeaderOf(96, 1, 0), "x")
	c := videoConfig()
	c.Codecs = []codec.Codec{{PayloadType: 96, MimeType: "video/VP8", ClockRate: 90000}}
	video.Configure(c)
	if video.history.count != 0 {
		t.Error("packets are kept although the peer does not ask any more")
	}
	before := len(w.bytes)
	w.nack(1)
	if len(w.bytes) != before {
		t.Error("a packet was resent")
	}
}

func TestRetransmissionsStopWithTheirFormat(t *testing.T) {
	w := newSendWorld(t)
	st := w.s.NewSendStream(videoConfig(), SendEvents{})
	w.write(st, rtpHeaderOf(96, 1, 0), "x")
	c := videoConfig()
	c.RTXSSRC = 0
	st.Configure(c)
	w.nack(1)
	if len(w.bytes) != 1 {
		t.Error("a packet that was kept for RTX was resent without it")
	}
	if s := st.Stats(); s.Nacks != 1 || s.Retransmitted != 0 {
		t.Errorf("%+v", s)
	}
	st.Configure(videoConfig())
	w.nack(1)
	if len(w.rtp) != 2 || w.rtp[1].SSRC != videoRTX {
		t.Error("RTX is back, the packet is not")
	}
	c.Active = false
	st.Configure(c)
	w.after(time.Second)
	w.nack(1)
	if len(w.rtp) != 2 {
		t.Error("a paused stream resends")
	}
}

func TestLargeNacksAreSentInBursts(t *testing.T) {
	w := newSendWorld(t)
	st := w.s.NewSendStream(videoConfig(), SendEvents{})
	var all []uint16
	for n := range uint16(100) {
		w.write(st, rtpHeaderOf(96, n, 0), "x")
		all = append(all, n)
	}
	w.rtp = nil
	w.nack(all...)
	if len(w.rtp) != 100 || w.rtp[0].burst != maxBurst || w.rtp[99].burst != 100%maxBurst {
		t.Errorf("%d packets, in bursts of %d to %d", len(w.rtp), w.rtp[0].burst, w.rtp[len(w.rtp)-1].burst)
	}
}

// Padding that is lost is a gap like any other: a peer that never gets it asks for a
// key frame.
func TestPaddingIsSentAgain(t *testing.T) {
	users := noPayload.refs.Load() // other tests leave streams open
	for name, codecs := range map[string][]codec.Codec{"as RTX": {vp8, rtx}, "as it was": {vp8}} {
		w := newSendWorld(t)
		c := videoConfig()
		c.Codecs = codecs
		st := w.s.NewSendStream(c, SendEvents{})
		h := rtpHeaderOf(96, 7, 0)
		h.Padding, h.PaddingSize = true, 20
		w.write(st, h, "")
		w.nack(7)
		if len(w.bytes) != 2 {
			t.Fatalf("%s: %d packets, want the padding and what repairs it", name, len(w.bytes))
		}
		if len(codecs) == 1 {
			if !bytes.Equal(w.bytes[0], w.bytes[1]) {
				t.Errorf("%s: other bytes", name)
			}
		} else if number, payload := w.rtp[1].original(); number != 7 || payload != "" {
			t.Errorf("%s: packet %d with %q", name, number, payload)
		}
		st.Close(w.now)
	}
	if n := noPayload.refs.Load() - users; n != 0 {
		t.Errorf("%d users of no payload are left", n)
	}
}

// A peer that asks for everything again and again does not get more than was sent.
func TestRepairsAreBounded(t *testing.T) {
	w := newSendWorld(t)
	st := w.s.NewSendStream(videoConfig(), SendEvents{})
	payload := string(make([]byte, 1000))
	all := []uint16{}
	for n := range uint16(100) {
		w.write(st, rtpHeaderOf(96, n, 0), payload)
		all = append(all, n)
	}
	for range 30 {
		w.nack(all...)
		w.after(unknownRepairInterval)
	}
	s := st.Stats()
	if most := s.Bytes + repairBudgetStart; s.RetransmittedBytes > most || s.RetransmittedBytes+1000 < most {
		t.Errorf("%d bytes were sent again, of %d", s.RetransmittedBytes, s.Bytes)
	}
	if s.Refused != 30*100-s.Retransmitted {
		t.Errorf("%d packets were sent again, %d refused", s.Retransmitted, s.Refused)
	}
	before := st.Stats().Retransmitted
	w.write(st, rtpHeaderOf(96, 100, 0), payload)
	w.nack(100)
	if st.Stats().Retransmitted != before+1 {
		t.Error("a packet that was sent since is not sent again")
	}
}
