package webrtc

import (
	"testing"
	"time"

	"github.com/parleyrtc/webrtc/pkg/rtcerr"
)

// webrtc-extensions §6, jitterBufferTarget.
func TestJitterBufferTarget(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		var outOfRange *rtcerr.RangeError
		for _, kind := range []RTPCodecType{RTPCodecTypeAudio, RTPCodecTypeVideo} {
			transceiver, err := d.a.AddTransceiverFromKind(kind)
			d.must(err)
			r := transceiver.Receiver()
			if target := r.JitterBufferTarget(); target != nil {
				t.Errorf("%s: %v at first", kind, *target)
			}
			for _, target := range []time.Duration{500 * time.Millisecond, 4 * time.Second, 0} {
				d.must(r.SetJitterBufferTarget(&target))
				for _, wrong := range []time.Duration{-1, 4001 * time.Millisecond} {
					d.wantError(r.SetJitterBufferTarget(&wrong), &outOfRange, wrong.String())
				}
				if got := r.JitterBufferTarget(); got == nil || *got != target {
					t.Errorf("%s: %v, want %v", kind, got, target)
				}
			}
			d.must(r.SetJitterBufferTarget(nil))
			if target := r.JitterBufferTarget(); target != nil {
				t.Errorf("%s: %v after nil", kind, *target)
			}
		}
	})
}

// webrtc-pc §4.4.2, close: its transceivers are stopped, and their tracks ended.
func TestTransceiversAfterClose(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		d.adds(d.a, d.track(RTPCodecTypeAudio, "voice", "me"))
		d.negotiates(d.a, d.b)
		transceiver := d.a.GetTransceivers()[0]
		d.must(d.a.Close())
		d.wantDirection(transceiver, RTPTransceiverDirectionStopped, RTPTransceiverDirectionStopped, "after Close")
		if !transceiver.Receiver().Track().Ended() {
			t.Error("the receiver's track has not ended")
		}
	})
}
