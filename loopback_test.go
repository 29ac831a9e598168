package webrtc

import (
	"fmt"
	"os"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc/internal/udp"
)

// loopbackAPI makes connections that use the real network stack and nothing
// but the loopback interface.
func loopbackAPI() *API { return loopbackAPIOn(udp.System()) }

// loopbackAPIOn is loopbackAPI with something around the real network stack.
func loopbackAPIOn(network udp.Network) *API {
	var settings SettingEngine
	settings.SetNetwork(network)
	settings.SetIncludeLoopbackCandidate(true)
	settings.SetInterfaceFilter(func(name string) bool { return name == "lo" || name == "lo0" })
	settings.SetNetworkTypes([]NetworkType{NetworkTypeUDP4})
	return NewAPI(WithSettingEngine(settings))
}

// A loopbackPair is two connections in one process over real sockets.
type loopbackPair struct {
	offerer, answerer *PeerConnection
	channel           *DataChannel       // the offerer's
	opened            chan *DataChannel  // what the answerer gets
	other             *DataChannel       // the answerer's, since talks
	gathered          [2]<-chan struct{} // closed when the offerer, the answerer has its candidates
}

// newLoopbackPair makes two connections with the same certificate, which saves
// making a thousand keys.
func newLoopbackPair(api *API, config Configuration) (*loopbackPair, error) {
	return newPairOf(api, api, config)
}

// newPairOf makes two connections by different APIs.
func newPairOf(offerer, answerer *API, config Configuration) (*loopbackPair, error) {
	p := &loopbackPair{opened: make(chan *DataChannel, 1)}
	for i, pc := range []**PeerConnection{&p.offerer, &p.answerer} {
		var err error
		if *pc, err = []*API{offerer, answerer}[i].NewPeerConnection(config); err != nil {
			return nil, fmt.Errorf("NewPeerConnection: %w", err)
		}
		done := make(chan struct{})
		complete := sync.OnceFunc(func() { close(done) }) // a restart gathers again
		p.gathered[i] = done
		(*pc).OnICEGatheringStateChange(func(s ICEGatheringState) {
			if s == ICEGatheringStateComplete {
				complete()
			}
		})
	}
	p.answerer.OnDataChannel(func(d *DataChannel) {
		select {
		case p.opened <- d:
		default: // a test that makes more looks after them itself
		}
	})
	var err error
	p.channel, err = p.offerer.CreateDataChannel("data", nil)
	return p, err
}

// negotiates exchanges descriptions that have all candidates in them.
func (p *loopbackPair) negotiates() error {
	if err := p.offerer.SetLocalDescription(SessionDescription{}); err != nil {
		return fmt.Errorf("SetLocalDescription(offer): %w", err)
	}
	<-p.gathered[0]
	if err := p.answerer.SetRemoteDescription(*p.offerer.LocalDescription()); err != nil {
		return fmt.Errorf("SetRemoteDescription(offer): %w", err)
	}
	if err := p.answerer.SetLocalDescription(SessionDescription{}); err != nil {
		return fmt.Errorf("SetLocalDescription(answer): %w", err)
	}
	<-p.gathered[1]
	if err := p.offerer.SetRemoteDescription(*p.answerer.LocalDescription()); err != nil {
		return fmt.Errorf("SetRemoteDescription(answer): %w", err)
	}
	return nil
}

// talks sends a message each way and waits for both.
func (p *loopbackPair) talks(limit time.Duration) error {
	late := time.After(limit)
	heard := make(chan string, 2)
	hear := func(m DataChannelMessage) {
		select {
		case heard <- string(m.Data):
		default: // others may talk too
		}
	}
	p.channel.OnMessage(hear)
	var other *DataChannel
	select {
	case other = <-p.opened:
	case <-late:
		return fmt.Errorf("no channel at the answerer after %v: offerer %s, answerer %s", limit, p.offerer.ConnectionState(), p.answerer.ConnectionState())
	}
	p.other = other
	other.OnMessage(hear)
	if err := other.SendText("from the answerer"); err != nil {
		return err
	}
	if err := p.channel.SendText("from the offerer"); err != nil {
		return err
	}
	for range 2 {
		select {
		case <-heard:
		case <-late:
			return fmt.Errorf("not both messages within %v", limit)
		}
	}
	return nil
}

// closes closes both sides and fails if that takes long.
func (p *loopbackPair) closes(t *testing.T) {
	t.Helper()
	for _, pc := range []*PeerConnection{p.offerer, p.answerer} {
		closesSoon(t, pc)
	}
}

// closeLimit is how long a Close may take on a busy machine. Nothing in it
// waits for the network.
const closeLimit = 10 * time.Second

// closesSoon closes a connection, and shows what everybody waits for if that
// does not end.
func closesSoon(t *testing.T, pc *PeerConnection) {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- pc.Close() }()
	select {
	case err := <-done:
		if err != nil {
			t.Errorf("Close: %v", err)
		}
	case <-time.After(closeLimit):
		stacks := make([]byte, 1<<20)
		t.Fatalf("Close has not returned after %v:\n%s", closeLimit, stacks[:runtime.Stack(stacks, true)])
	}
}

// openFiles counts the file descriptors of this process; ok is false where the
// system does not tell.
func openFiles() (n int, ok bool) {
	files, err := os.ReadDir("/proc/self/fd")
	return len(files), err == nil
}

// sharedCertificate is a configuration with a certificate, for tests that make
// connections by the hundred.
func sharedCertificate(t testing.TB) Configuration {
	t.Helper()
	certificate, err := newDefaultCertificate()
	if err != nil {
		t.Fatal(err)
	}
	return Configuration{Certificates: []Certificate{*certificate}}
}
