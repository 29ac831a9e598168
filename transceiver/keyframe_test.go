package transceiver

import (
	"testing"
	"time"

	"github.com/parleyrtc/webrtc/internal/codec"
	"github.com/parleyrtc/webrtc/transceiver/feedback"
)

func TestKeyFrameRequestsAreLimited(t *testing.T) {
	w := newReceiveWorld(t)
	v := newEar(codec.Video)
	v.RequestKeyFrame(w.now) // attached to nothing
	w.s.SetReceivers([]Reception{videoReception(v)})
	v.RequestKeyFrame(w.now)
	if n := len(w.asked(feedback.KindPictureLoss)); n != 0 {
		t.Error("a stream that does not exist was asked")
	}
	w.rtp(video(1, 1), "x")
	for range 10 {
		v.RequestKeyFrame(w.now)
	}
	got := w.asked(feedback.KindPictureLoss)
	var p feedback.PictureLoss
	if len(got) != 1 || p.Parse(got[0]) != nil || p.Media != 1 {
		t.Fatalf("10 requests led to %d: %+v", len(got), p)
	}
	if next := w.s.NextTimeout(); !next.Equal(w.now.Add(minKeyFrameInterval)) {
		t.Errorf("what was not sent is due in %v", next.Sub(w.now))
	}
	w.after(minKeyFrameInterval)
	if n := len(w.asked(feedback.KindPictureLoss)); n != 1 {
		t.Errorf("those that followed led to %d", n)
	}
	w.after(time.Minute)
	if n := len(w.asked(feedback.KindPictureLoss)); n != 0 {
		t.Errorf("%d requests that nobody made", n)
	}
}

func TestKeyFrameRequestsAsNegotiated(t *testing.T) {
	fir, none := vp8, vp8
	fir.Feedback = []codec.Feedback{{Type: "ccm", Parameter: "fir"}}
	none.Feedback = nil
	w := newReceiveWorld(t)
	v := newEar(codec.Video)
	w.s.SetReceivers([]Reception{videoReception(v, withCodecs(fir))})
	w.rtp(video(1, 1), "x")
	var numbers []uint8
	for range 2 {
		v.RequestKeyFrame(w.now)
		for _, p := range w.asked(feedback.KindFullIntra) {
			var f feedback.FullIntra
			if err := f.Parse(p); err != nil || len(f.Requests) != 1 || f.Requests[0].SSRC != 1 {
				t.Fatalf("%+v, %v", f, err)
			}
			numbers = append(numbers, f.Requests[0].Sequence)
		}
		w.now = w.now.Add(time.Second)
	}
	if len(numbers) != 2 || numbers[1] != numbers[0]+1 {
		t.Errorf("numbers of commands: %v", numbers)
	}
	w.s.SetReceivers([]Reception{videoReception(v, withCodecs(none))})
	w.rtp(video(1, 2), "x")
	v.RequestKeyFrame(w.now)
	if n := len(w.rtcp); n != 0 {
		t.Errorf("%d packets though nothing was negotiated", n)
	}
}

// TestGapsThatAreTooLargeCostAKeyFrame also looks at the order of a compound.
func TestGapsThatAreTooLargeCostAKeyFrame(t *testing.T) {
	w := newReceiveWorld(t)
	v := newEar(codec.Video)
	w.s.SetReceivers([]Reception{videoReception(v)})
	w.rtp(video(1, 1), "x")
	w.rtp(video(1, 3+maxMissing), "x")
	w.s.Flush(w.now)
	var kinds []feedback.Kind
	for _, p := range w.rtcp {
		kinds = append(kinds, p.Kind())
	}
	if len(kinds) != 2+1 || kinds[0] != feedback.KindReceiverReport || kinds[1] != feedback.KindDescription || kinds[2] != feedback.KindPictureLoss {
		t.Errorf("kinds of packets: %v", kinds)
	}
	w.rtcp = nil
	w.s.SetReducedSize(true)
	w.rtp(video(1, 5+maxMissing), "x")
	w.after(20 * ms)
	if len(w.rtcp) != 1 || !w.rtcp[0].Is(feedback.KindNack) {
		t.Errorf("%d packets in a reduced-size compound", len(w.rtcp))
	}
}

// TestKeyFrameRequestsOutliveARenegotiation: those that are made before another
// packet comes, and those that wait.
func TestKeyFrameRequestsOutliveARenegotiation(t *testing.T) {
	w := newReceiveWorld(t)
	v := newEar(codec.Video)
	w.s.SetReceivers([]Reception{videoReception(v)})
	w.rtp(video(1, 1), "x")
	w.s.SetReceivers([]Reception{videoReception(v)})
	v.RequestKeyFrame(w.now)
	if n := len(w.asked(feedback.KindPictureLoss)); n != 1 {
		t.Errorf("a request before the next packet led to %d", n)
	}
	v.RequestKeyFrame(w.now)
	w.s.SetReceivers([]Reception{videoReception(v)})
	w.after(minKeyFrameInterval)
	if n := len(w.asked(feedback.KindPictureLoss)); n != 1 {
		t.Errorf("a request that waited led to %d", n)
	}
	// What is negotiated now counts.
	fir := vp8
	fir.Feedback = []codec.Feedback{{Type: "ccm", Parameter: "fir"}}
	w.s.SetReceivers([]Reception{videoReception(v, withCodecs(fir))})
	w.now = w.now.Add(minKeyFrameInterval)
	v.RequestKeyFrame(w.now)
	if n := len(w.asked(feedback.KindFullIntra)); n != 1 {
		t.Errorf("%d commands", n)
	}
	opaque := vp8
	opaque.PayloadType = 100
	w.s.SetReceivers([]Reception{videoReception(v, withCodecs(opaque))})
	w.now = w.now.Add(minKeyFrameInterval)
	v.RequestKeyFrame(w.now)
	if n := len(w.rtcp); n != 0 {
		t.Errorf("%d requests by a format that is not agreed any more", n)
	}
}

// TestKeyFrameRequestsGoOnOverALongRoundTrip: one that is measured too long, since
// a clock was set for instance, does not keep requests back for as long.
func TestKeyFrameRequestsGoOnOverALongRoundTrip(t *testing.T) {
	w := newReceiveWorld(t)
	v := newEar(codec.Video)
	w.s.SetReceivers([]Reception{videoReception(v)})
	w.rtp(video(1, 1), "x")
	w.s.noteRTT(time.Minute)
	v.RequestKeyFrame(w.now)
	v.RequestKeyFrame(w.now)
	w.asked(feedback.KindPictureLoss)
	w.after(maxKeyFrameInterval)
	if n := len(w.asked(feedback.KindPictureLoss)); n != 1 {
		t.Errorf("%d requests after %v", n, maxKeyFrameInterval)
	}
}
