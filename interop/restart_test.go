package interop

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc"
)

// flow is how many numbered messages each side sends around a restart.
const flow = 400

// TestRestart restarts ICE from either side while numbered messages flow both
// ways: a new pair is selected, and no message is lost or out of order.
func TestRestart(t *testing.T) {
	for _, name := range everyBrowser {
		t.Run(name, func(t *testing.T) {
			p := thePeer(t, name)
			t.Run("ours", func(t *testing.T) {
				s := startSession(t, p, nil)
				s.restartsInFlow(func() {
					s.pc.RestartICE()
					s.offers()
				})
			})
			t.Run("theirs", func(t *testing.T) {
				s := startSession(t, p, nil)
				s.restartsInFlow(func() {
					s.must(p.call(nil, "restart"))
					s.answers()
				})
			})
		})
	}
}

func (s *session) restartsInFlow(restart func()) {
	s.Helper()
	d := s.opens("flow", nil)
	s.offers()
	s.waitOpen("flow")
	ice := s.pc.SCTP().Transport().ICETransport()
	before, err := ice.GetRemoteParameters()
	s.must(err)
	selected := make(chan *webrtc.ICECandidatePair, 100)
	ice.OnSelectedCandidatePairChange(func(p *webrtc.ICECandidatePair) { selected <- p })

	sent := make(chan error, 1)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	go func() {
		for i := range flow {
			if err := d.SendTextContext(ctx, fmt.Sprint(i)); err != nil {
				sent <- err
				return
			}
			time.Sleep(2 * time.Millisecond)
		}
		sent <- nil
	}()
	s.eval(nil, `
		let next = 0;
		const timer = setInterval(() => {
			channels.flow.send(String(next++));
			if (next === args[0]) clearInterval(timer);
		}, 2)`, flow)
	s.eventually("messages flow", func() bool { return len(s.received["flow"]) > 10 })
	restart()

	select {
	case pair := <-selected:
		s.Logf("selected %v", pair)
	case <-ctx.Done():
		s.Fatalf("no new pair within %v", patience)
	}
	if after, err := ice.GetRemoteParameters(); err != nil || after.UsernameFragment == before.UsernameFragment {
		s.Errorf("the browser's user name fragment stays %q (%v)", after.UsernameFragment, err)
	}
	s.must(<-sent)
	var want []description
	for i := range flow {
		want = append(want, describe(webrtc.DataChannelMessage{IsString: true, Data: fmt.Append(nil, i)}))
	}
	s.weGot("flow", want)
	s.theyGot("flow", want)
	s.eventually("both sides are connected", func() bool {
		return s.pc.ConnectionState() == webrtc.PeerConnectionStateConnected &&
			slices.Contains([]webrtc.ICEConnectionState{webrtc.ICEConnectionStateConnected, webrtc.ICEConnectionStateCompleted}, s.pc.ICEConnectionState())
	})
	var state string
	s.eval(&state, `await until(() => pc.connectionState === 'connected', 'connected'); return pc.connectionState`)
}
