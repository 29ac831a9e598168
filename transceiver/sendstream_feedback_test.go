package transceiver

import (
	"testing"
	"time"

	"github.com/parleyrtc/webrtc/transceiver/feedback"
)

func TestKeyFrameRequestsArePassedOnOncePerRoundTrip(t *testing.T) {
	w := newSendWorld(t)
	asked := 0
	st := w.s.NewSendStream(videoConfig(), SendEvents{OnKeyFrameRequest: func() { asked++ }})
	pli := feedback.PictureLoss{Sender: peerSSRC, Media: videoSSRC}.Append(nil)
	fir := func(n uint8) []byte {
		return (&feedback.FullIntra{Sender: peerSSRC, Requests: []feedback.IntraRequest{{SSRC: 1, Sequence: 9}, {SSRC: videoSSRC, Sequence: n}}}).Append(nil)
	}
	steps := []struct {
		after  time.Duration
		packet []byte
		want   int
		why    string
	}{
		{0, pli, 1, "the first request"},
		{keyFrameInterval - 1, pli, 1, "another within the interval"},
		{1, pli, 2, "the interval has passed"},
		{time.Second, fir(7), 3, "a full intra request"},
		{time.Second, fir(7), 3, "the same one, repeated"},
		{0, fir(8), 4, "the next one"},
		{time.Second, feedback.PictureLoss{Sender: peerSSRC, Media: audioSSRC}.Append(nil), 4, "about another stream"},
	}
	for _, s := range steps {
		w.after(s.after)
		w.feed(s.packet)
		if asked != s.want {
			t.Errorf("%s: %d requests, want %d", s.why, asked, s.want)
		}
	}
	w.s.noteRTT(time.Second)
	w.feed(pli)
	w.after(999 * time.Millisecond)
	w.feed(pli)
	if asked != 5 {
		t.Errorf("within a round trip: %d requests, want 5", asked)
	}
	if s := st.Stats(); s.Plis != 5 || s.Firs != 3 {
		t.Errorf("%+v", s)
	}
}

func TestReportsOfThePeerAreRead(t *testing.T) {
	w := newSendWorld(t)
	st := w.s.NewSendStream(videoConfig(), SendEvents{})
	w.write(st, rtpHeaderOf(96, 1, 0), "x")
	lsr := feedback.MiddleNTP(w.now)
	w.after(250 * time.Millisecond)
	block := feedback.ReportBlock{
		SSRC: videoSSRC, FractionLost: 64, TotalLost: 12, Jitter: 900, LastReport: lsr,
		Delay: feedback.Delay(100 * time.Millisecond),
	}
	w.feed((&feedback.ReceiverReport{SSRC: peerSSRC, Reports: []feedback.ReportBlock{{SSRC: videoRTX, TotalLost: 99}, block}}).Append(nil))
	near := func(d, want time.Duration) bool { return d > want-time.Millisecond && d < want+time.Millisecond }
	r := st.Stats().Remote
	if r.FractionLost != 0.25 || r.Lost != 12 || !near(r.Jitter, 10*time.Millisecond) || !near(r.RTT, 150*time.Millisecond) || r.Measurements != 1 || !r.Time.Equal(w.now) {
		t.Errorf("%+v", r)
	}
	if !near(w.s.RTT(), 150*time.Millisecond) {
		t.Errorf("the session's round trip takes %v", w.s.RTT())
	}
	// A sender reports, too.
	w.after(50 * time.Millisecond)
	w.feed((&feedback.SenderReport{SSRC: peerSSRC, Reports: []feedback.ReportBlock{block}}).Append(nil))
	if r = st.Stats().Remote; !near(r.RTT, 200*time.Millisecond) || !near(r.TotalRTT, 350*time.Millisecond) || r.Measurements != 2 {
		t.Errorf("%+v", r)
	}
	// No report of ours has arrived there, or our clock was set: no measurement.
	for _, b := range []feedback.ReportBlock{{SSRC: videoSSRC}, {SSRC: videoSSRC, LastReport: lsr - 3600<<16}} {
		w.feed((&feedback.ReceiverReport{SSRC: peerSSRC, Reports: []feedback.ReportBlock{b}}).Append(nil))
	}
	if r = st.Stats().Remote; r.Measurements != 2 {
		t.Errorf("%+v", r)
	}
}

func TestBitratesAndRawPacketsReachTheirStreams(t *testing.T) {
	w := newSendWorld(t)
	type heard struct {
		raw     [][]byte
		bitrate uint64
	}
	var video, audio heard
	events := func(h *heard) SendEvents {
		return SendEvents{
			OnRTCP:    func(raw []byte) { h.raw = append(h.raw, append([]byte(nil), raw...)) },
			OnBitrate: func(bps uint64) { h.bitrate = bps },
		}
	}
	vs := w.s.NewSendStream(videoConfig(), events(&video))
	w.s.NewSendStream(audioConfig(), events(&audio))

	remb := feedback.MaxBitrate{Sender: peerSSRC, Bitrate: 1 << 20, SSRCs: []uint32{videoSSRC, 77}}
	w.feed(remb.Append(nil))
	if video.bitrate != 1<<20 || audio.bitrate != 0 || len(video.raw) != 1 || len(audio.raw) != 0 || vs.Stats().Remote.Bitrate != 1<<20 {
		t.Errorf("an estimate for video: %+v, %+v", video, audio)
	}
	remb.SSRCs, remb.Bitrate = nil, 1<<21
	w.feed(remb.Append(nil))
	if video.bitrate != 1<<21 || audio.bitrate != 1<<21 || len(video.raw) != 2 || len(audio.raw) != 1 {
		t.Errorf("an estimate for all: %+v, %+v", video, audio)
	}

	video, audio = heard{}, heard{}
	report := (&feedback.ReceiverReport{SSRC: peerSSRC, Reports: []feedback.ReportBlock{{SSRC: videoSSRC}, {SSRC: videoRTX}, {SSRC: 5}}}).Append(nil)
	rest := nackOf(audioSSRC, 1)
	rest = feedback.PictureLoss{Sender: peerSSRC, Media: 5}.Append(rest)
	transport, err := (&feedback.TransportFeedback{Sender: peerSSRC, Media: audioSSRC, Count: 1, Arrivals: []feedback.TransportArrival{{}}}).Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	w.feed(append(append(report, rest...), transport...))
	if len(video.raw) != 1 || string(video.raw[0]) != string(report) {
		t.Errorf("video heard %x", video.raw)
	}
	if len(audio.raw) != 2 || string(audio.raw[1]) != string(transport) {
		t.Errorf("audio heard %x", audio.raw)
	}
}

// Whatever arrives, it is authentic, but need not make sense.
func FuzzSenderRTCP(f *testing.F) {
	f.Add(nackOf(videoSSRC, 1, 2, 3))
	f.Add(feedback.PictureLoss{Sender: peerSSRC, Media: videoSSRC}.Append(nil))
	f.Add((&feedback.FullIntra{Requests: []feedback.IntraRequest{{SSRC: videoSSRC}}}).Append(nil))
	f.Add((&feedback.MaxBitrate{Bitrate: 1e6, SSRCs: []uint32{videoSSRC}}).Append(nil))
	f.Add((&feedback.ReceiverReport{SSRC: peerSSRC, Reports: []feedback.ReportBlock{{SSRC: videoSSRC}, {SSRC: audioSSRC}}}).Append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		w := newSendWorld(t)
		video := w.s.NewSendStream(videoConfig(), SendEvents{OnRTCP: func([]byte) {}, OnBitrate: func(uint64) {}, OnKeyFrameRequest: func() {}})
		w.s.NewSendStream(audioConfig(), SendEvents{})
		for n := range uint16(4) {
			w.write(video, rtpHeaderOf(96, n, 0), "x")
		}
		r := feedback.NewReader(b)
		for p, ok := r.Next(); ok; p, ok = r.Next() {
			w.s.out.handleRTCP(w.now, p)
		}
		if len(w.rtp) > 8 {
			t.Errorf("%d packets were sent", len(w.rtp))
		}
	})
}
