package transceiver

import (
	"errors"
	"net"
	"testing"
	"time"

	"github.com/pion/rtcp"

	"github.com/parleyrtc/webrtc/internal/codec"
	"github.com/parleyrtc/webrtc/internal/rtcerr"
	"github.com/parleyrtc/webrtc/transceiver/feedback"
)

// reports runs the session until it has sent a report and returns its blocks by
// their SSRC.
func (w *receiveWorld) reports() map[uint32]feedback.ReportBlock {
	w.t.Helper()
	out := map[uint32]feedback.ReportBlock{}
	for range 100 {
		w.after(50 * ms)
		for _, p := range w.asked(feedback.KindReceiverReport) {
			var r feedback.ReceiverReport
			if err := r.Parse(p); err != nil {
				w.t.Fatal(err)
			}
			for _, b := range r.Reports {
				if _, twice := out[b.SSRC]; twice {
					w.t.Errorf("two blocks on %d", b.SSRC)
				}
				out[b.SSRC] = b
			}
		}
		if len(out) > 0 {
			return out
		}
	}
	return out
}

func TestReceiverReports(t *testing.T) {
	w := newReceiveWorld(t)
	v, a := newEar(codec.Video), newEar(codec.Audio)
	w.s.SetReceivers([]Reception{videoReception(v), audioReception(a)})
	for i := range 100 {
		if i%4 != 3 {
			w.rtp(video(1, uint16(65500+i)), "x")
		}
	}
	w.rtp(video(1, 65599-65536+1), "x")
	at := w.now
	w.rtcpFrom((&feedback.SenderReport{SSRC: 1, NTP: 0x1234_5678_9ABC_DEF0, RTPTime: 7, Packets: 9, Octets: 10}).Append(nil))
	if w.wakes == 0 {
		t.Error("nobody was told that a report will be due")
	}
	blocks := w.reports()
	b := blocks[1]
	if len(blocks) != 1 || b.TotalLost != 25 || b.FractionLost != 63 || b.HighestSequence != 1<<16+64 {
		t.Errorf("%+v", blocks)
	}
	if held := w.now.Sub(at); b.LastReport != 0x5678_9ABC || b.Delay != feedback.Delay(held) {
		t.Errorf("last report %x, %d after it; want after %v", b.LastReport, b.Delay, held)
	}
	s := v.Stats()[0]
	if s.SenderReports != 1 || s.SenderPackets != 9 || s.SenderOctets != 10 || s.SenderRTPTime != 7 || s.Lost != 25 || v.rtcp != 1 || a.rtcp != 0 {
		t.Errorf("%+v; OnRTCP was called %d times", s, v.rtcp)
	}
	w.rtp(audio(2, 1), "x")
	if blocks = w.reports(); len(blocks) != 1 || blocks[2].SSRC != 2 {
		t.Errorf("who has been silent is reported on: %+v", blocks)
	}
	w.rtp(video(1, 65), "x")
	if blocks = w.reports(); blocks[1].FractionLost != 0 || blocks[1].TotalLost != 25 {
		t.Errorf("the loss since the last report: %+v", blocks)
	}
}

func TestReportsOfManyStreams(t *testing.T) {
	w := newReceiveWorld(t)
	v := newEar(codec.Video)
	w.s.SetReceivers([]Reception{videoReception(v)})
	for ssrc := range uint32(70) {
		w.rtp(video(ssrc+1, 1, text(idMID, "v")), "x")
	}
	if blocks := w.reports(); len(blocks) != 70 {
		t.Errorf("%d blocks", len(blocks))
	}
}

func TestJitterOfReports(t *testing.T) {
	var j jitter
	at := time.Duration(0)
	for i := range 1000 { // every other packet is late by 10 ms
		late := time.Duration(i%2) * 10 * ms
		j.note(at+late, uint32(i)*960, 48000)
		at += 20 * ms
	}
	if got := j.duration(); got < 9*ms || got > 11*ms {
		t.Errorf("jitter %v, want 10 ms", got)
	}
	j.note(at, 0, 8000) // another clock: nothing to compare
	if j.value() != 0 {
		t.Error("a change of the clock is taken for jitter")
	}
	// Over a wrap of the timestamp, and of the arrival's.
	j = jitter{}
	for i := range 100 {
		j.note(time.Duration(1<<32)/90000*time.Second-time.Second+time.Duration(i)*20*ms, uint32(i*1800)-50*1800, 90000)
	}
	if j.value() > 1 {
		t.Errorf("jitter %d over wraps", j.value())
	}
}

// TestJitterOfARestart: a source that begins anew under its SSRC has sequence
// numbers and timestamps from elsewhere.
func TestJitterOfARestart(t *testing.T) {
	w := newReceiveWorld(t)
	v := newEar(codec.Video)
	w.s.SetReceivers([]Reception{videoReception(v)})
	for i := range 20 {
		f := video(1, uint16(i+1))
		f.Timestamp = uint32(i) * 900
		if i >= 10 {
			f.SequenceNumber += 20000
			f.Timestamp += 1 << 30
		}
		w.rtp(f, "x")
		w.now = w.now.Add(10 * ms)
	}
	if got := v.Stats()[0].Jitter; got > 0 {
		t.Errorf("jitter %v of packets that come like clockwork", got)
	}
}

func TestGoodbye(t *testing.T) {
	w := newReceiveWorld(t)
	v := newEar(codec.Video)
	w.s.SetReceivers([]Reception{videoReception(v)})
	w.rtp(video(1, 100), "a")
	w.rtp(video(1, 102), "c")
	bye := (&feedback.Goodbye{Sources: []uint32{1, 99}}).Append((&feedback.ReceiverReport{SSRC: 1}).Append(nil))
	w.rtcpFrom(bye)
	w.rtcpFrom(bye)
	if len(v.byes) != 1 || v.byes[0] != 1 {
		t.Errorf("goodbyes: %v", v.byes)
	}
	w.after(20 * ms)
	if n := w.nacked(); len(n) != 0 {
		t.Errorf("asked for %v of who has left", n)
	}
	w.rtp(video(1, 9000), "again")
	v.want(t, "", "it has come back", "a", "c", "again")
	if len(v.tracks) != 2 {
		t.Errorf("the track was announced %d times, want again", len(v.tracks))
	}
}

func TestReferenceTimes(t *testing.T) {
	w := newReceiveWorld(t)
	v := newEar(codec.Video)
	w.s.SetReceivers([]Reception{videoReception(v)})
	w.rtp(video(1, 1), "x")
	w.rtcpFrom((&feedback.SenderReport{SSRC: 1, NTP: feedback.NTP(w.now)}).Append(nil))
	asked := w.now
	x := feedback.ExtendedReport{Sender: 50, ReferenceTime: feedback.NTP(w.now)}
	w.rtcpFrom(x.Append(nil))
	var own feedback.ExtendedReport
	for own.Sender == 0 {
		w.after(50 * ms)
		for _, p := range w.asked(feedback.KindExtendedReport) {
			if err := own.Parse(p); err != nil {
				t.Fatal(err)
			}
		}
	}
	if len(own.Delays) != 1 || own.Delays[0].SSRC != 50 || own.Delays[0].LastReference != feedback.MiddleNTP(asked) || own.Delays[0].Delay != feedback.Delay(w.now.Sub(asked)) {
		t.Errorf("the peer's reference time is answered by %+v", own.Delays)
	}
	if own.ReferenceTime == 0 {
		t.Fatal("no reference time of our own")
	}
	w.now = w.now.Add(250 * ms)
	x = feedback.ExtendedReport{Sender: 50, Delays: []feedback.ReceiverDelay{
		{SSRC: own.Sender + 1, LastReference: uint32(own.ReferenceTime >> 16)},
		{SSRC: own.Sender, LastReference: uint32(own.ReferenceTime >> 16), Delay: feedback.Delay(50 * ms)},
	}}
	w.rtcpFrom(x.Append(nil))
	if rtt := w.s.RTT(); rtt < 199*ms || rtt > 201*ms {
		t.Errorf("round trip %v", rtt)
	}
	if n := v.Stats()[0]; n.Measurements != 1 || n.RTT != w.s.RTT() || n.TotalRTT != n.RTT {
		t.Errorf("the stream has the round trip %v of %d measurements, %v in all", n.RTT, n.Measurements, n.TotalRTT)
	}
	x = feedback.ExtendedReport{Sender: 50, Delays: []feedback.ReceiverDelay{
		{SSRC: own.Sender, LastReference: uint32(own.ReferenceTime>>16) - 20000<<16},
	}}
	w.rtcpFrom(x.Append(nil))
	if rtt := w.s.RTT(); rtt > 201*ms {
		t.Errorf("a round trip of %v is believed", rtt)
	}
	if n := v.Stats()[0]; n.Measurements != 1 {
		t.Errorf("%d measurements, want 1", n.Measurements)
	}
}

func TestFeedbackOnEveryPacket(t *testing.T) {
	w := newReceiveWorld(t)
	v := newEar(codec.Video)
	c := vp8
	c.Feedback = []codec.Feedback{{Type: "transport-cc"}, {Type: "ack", Parameter: "ccfb"}}
	w.s.SetReceivers([]Reception{videoReception(v, withCodecs(c))})
	for i := range 10 {
		f := video(1, uint16(i))
		f.Elements = append(f.Elements, text(idTransport, string([]byte{0, byte(i)})))
		w.s.HandleRTP(w.now, w.protect(f, "x"), 3)
		w.now = w.now.Add(ms)
	}
	if len(w.rtcp) != 0 {
		t.Error("feedback was sent before it was due")
	}
	due := w.s.NextTimeout()
	if due.IsZero() || due.Sub(w.now) > 200*ms {
		t.Fatalf("feedback is due in %v", due.Sub(w.now))
	}
	w.now = due
	w.s.Flush(w.now)
	all := w.rtcp
	var tcc feedback.TransportFeedback
	for _, p := range w.asked(feedback.KindTransport) {
		if err := tcc.Parse(p); err != nil {
			t.Error(err)
		}
	}
	if len(tcc.Arrivals) != 10 || tcc.Media != 1 {
		t.Errorf("transport-wide feedback: %+v", tcc)
	}
	var cc feedback.CongestionFeedback
	for _, p := range all {
		if p.Is(feedback.KindCongestion) {
			if err := cc.Parse(p); err != nil {
				t.Error(err)
			}
		}
	}
	if len(cc.Reports) != 1 || len(cc.Reports[0].Metrics) != 10 || cc.Reports[0].Metrics[9].ECN() != 3 {
		t.Errorf("RFC 8888 feedback: %+v", cc)
	}
	w.s.SetReceivers([]Reception{videoReception(v)})
	f := video(1, 11)
	f.Elements = append(f.Elements, text(idTransport, "\x00\x0b"))
	w.rtp(f, "x")
	w.after(time.Second)
	if len(w.asked(feedback.KindTransport)) != 0 {
		t.Error("feedback goes on though it was not negotiated")
	}
}

func TestFeedbackFillsSeveralCompounds(t *testing.T) {
	w := newReceiveWorld(t)
	v := newEar(codec.Video)
	w.s.SetReceivers([]Reception{videoReception(v)})
	for ssrc := uint32(1); ssrc <= 20; ssrc++ {
		w.rtp(video(ssrc, 1), "x")
		for n := range uint16(25) {
			w.rtp(video(ssrc, 20*n+20), "x")
		}
		w.s.Flush(w.now)
	}
	w.after(maxReordering)
	got := map[uint32]int{}
	reports := 0
	for _, p := range w.rtcp {
		switch p.Kind() {
		case feedback.KindNack:
			var n feedback.Nack
			if err := n.Parse(p); err != nil {
				t.Fatal(err)
			}
			got[n.Media] += len(n.Sequences)
		case feedback.KindReceiverReport:
			reports++
		}
	}
	if len(w.sizes) < 3 || reports != len(w.sizes) {
		t.Errorf("%d compounds with %d reports", len(w.sizes), reports)
	}
	for _, n := range w.sizes {
		if n > 1200 {
			t.Errorf("a compound of %d bytes", n)
		}
	}
	for ssrc, n := range got {
		if want := 18 + 24*19; n != want {
			t.Errorf("stream %d: %d packets are asked for, want %d", ssrc, n, want)
		}
	}
	if len(got) != 20 {
		t.Errorf("packets of %d streams are asked for", len(got))
	}
}

func TestREMB(t *testing.T) {
	w := newReceiveWorld(t)
	v := newEar(codec.Video)
	c := vp8
	c.Feedback = []codec.Feedback{{Type: "goog-remb"}}
	w.s.SetReceivers([]Reception{videoReception(v, withCodecs(c))})
	var state *rtcerr.InvalidStateError
	if err := w.s.SendREMB(w.now, 1e6); !errors.As(err, &state) {
		t.Errorf("without a stream: %v", err)
	}
	w.rtp(video(1, 1), "x")
	if err := w.s.SendREMB(w.now, 1_000_000); err != nil {
		t.Error(err)
	}
	var m feedback.MaxBitrate
	got := w.asked(feedback.KindMaxBitrate)
	if len(got) != 1 || m.Parse(got[0]) != nil || m.Bitrate < 999_000 || len(m.SSRCs) != 1 || m.SSRCs[0] != 1 {
		t.Errorf("%d packets: %+v", len(got), m)
	}
}

func TestWriteRTCP(t *testing.T) {
	w := earlyWorld(t)
	pli := &rtcp.PictureLossIndication{SenderSSRC: 1, MediaSSRC: 2}
	if _, err := w.s.WriteRTCP(w.now, []rtcp.Packet{pli}); !errors.Is(err, net.ErrClosed) {
		t.Errorf("without keys: %v", err)
	}
	w.s.SetKeys(w.sealer, w.opener)
	if n, err := w.s.WriteRTCP(w.now, []rtcp.Packet{pli}); n != 12 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if len(w.rtcp) != 3 || !w.rtcp[0].Is(feedback.KindReceiverReport) || !w.rtcp[2].Is(feedback.KindPictureLoss) {
		t.Errorf("%d packets were sent", len(w.rtcp))
	}
	w.rtcp = nil
	w.s.SetReducedSize(true)
	if n, err := w.s.WriteRTCP(w.now, []rtcp.Packet{pli, pli}); n != 24 || err != nil || len(w.rtcp) != 2 {
		t.Errorf("reduced size: %d, %v, %d packets", n, err, len(w.rtcp))
	}
	if n, err := w.s.WriteRTCP(w.now, nil); n != 0 || err != nil || len(w.rtcp) != 2 {
		t.Errorf("nothing: %d, %v", n, err)
	}
	if _, err := w.s.WriteRTCP(w.now, []rtcp.Packet{&rtcp.SourceDescription{Chunks: make([]rtcp.SourceDescriptionChunk, 40)}}); err == nil {
		t.Error("what cannot be written was")
	}
}
