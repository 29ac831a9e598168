package webrtc

import (
	"time"

	"github.com/parleyrtc/webrtc/datachannel"
)

// Close ends the connection (webrtc-pc §4.4.2): it says goodbye to the peer
// and returns once every goroutine, timer and socket of the connection is
// gone. Methods called later return errors that match net.ErrClosed. No
// handler of this object starts after Close has returned, none is called for
// the changes that Close itself makes, and one that is running meanwhile is
// not waited for, so that handlers may call Close.
//
// Calling it again waits for the first call and returns nil.
func (pc *PeerConnection) Close() error {
	pc.close()
	return nil
}

// GracefulClose is Close which also waits for running handlers, those of
// OnDataChannel and of data channels among them. It must not be called from one.
func (pc *PeerConnection) GracefulClose() error {
	pc.close()
	pc.events.wait()
	pc.running.wait()
	return nil
}

// close shuts the connection down, or waits for the call that does.
func (pc *PeerConnection) close() {
	if !pc.closing.Swap(true) {
		pc.shutdown()
	}
	<-pc.closed
}

func (pc *PeerConnection) shutdown() {
	var transports []*transport
	var session *datachannel.Session
	var chores chores
	_ = pc.loop.call(func(now time.Time) {
		pc.isClosed.Store(true)
		pc.events.close()
		pc.machine.Close()
		pc.state = PeerConnectionStateClosed
		pc.iceState = ICEConnectionStateClosed
		pc.negotiation = negotiationNeed{}
		pc.dirty = true
		if pc.sctp != nil {
			pc.sctp.state.Store(int32(SCTPTransportStateClosed))
		}
		transports, session = pc.transports, pc.session
		if pc.early != nil {
			transports = append(transports[:len(transports):len(transports)], pc.early)
		}
		transports, pc.pool = append(transports[:len(transports):len(transports)], pc.pool...), nil
		for _, t := range *pc.mediaTransports.Load() {
			t.media.Load().SetReceivers(nil) // all at once, not one by one
		}
		for _, t := range pc.transceivers {
			// webrtc-pc §4.4.2, close: "Set transceiver.[[Stopped]] ... to true" by
			// stopping it, without negotiation.
			t.stop(now)
		}
		chores = pc.chores.take()
		pc.gatheringEnded()
		if pc.assoc.cancel != nil {
			pc.assoc.cancel()
		}
	})
	pc.moment.Store(nil)
	// The channels go first, while their packets still have a way out; the
	// loop goes last, since the transports may wait for it.
	pc.finish(chores)
	session.Close(nil)
	for _, t := range transports {
		t.close()
	}
	_ = pc.loop.call(func(now time.Time) {
		for _, t := range transports {
			t.detach(now)
		}
	})
	pc.interceptors.close()
	pc.loop.stop()
	pc.tasks.Wait()
	close(pc.closed)
}
