package webrtc

import (
	"errors"
	"net"
	"net/netip"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/parleyrtc/webrtc/ice"
)

const (
	// silence is how long a busy path on which packets used to come may be without any
	// before the agent asks for a sign of life, and about how often it is looked at.
	silence = 300 * time.Millisecond
	// busyPackets is how many packets must have been sent between two looks for a path
	// to be busy.
	busyPackets = 3
	// leastLook is the least time between two looks.
	leastLook = 100 * time.Millisecond
	// silencePause is the least time between two such doubts.
	silencePause = time.Second
	// strangerPause is the least time between two packets from unknown addresses that
	// the agent is told of.
	strangerPause = 100 * time.Millisecond
)

// A silenceWatch finds that a path on which packets were coming has become silent
// while packets are sent: its way back is gone, and consent checks are too rare to
// notice soon. It looks only while the path is busy, so that an idle connection sleeps.
type silenceWatch struct {
	path           *path
	sent, received uint64    // at the last look
	due            time.Time // of the next look, zero for whenever the loop wakes
	told           time.Time // when the agent was last told
	armed          bool      // packets have come since
}

// watchSilence looks at the path in use if that is due, and says when to look again.
func (t *transport) watchSilence(now time.Time) time.Time {
	w, p := &t.quiet, t.path.Load()
	if p == nil || p.traffic == nil {
		*w = silenceWatch{told: w.told}
		return time.Time{}
	}
	if p == w.path && now.Before(w.due) {
		return w.due
	}
	sent, received := p.traffic.packetsSent.Load(), p.traffic.packetsReceived.Load()
	if p != w.path {
		*w = silenceWatch{path: p, sent: sent, received: received, told: w.told, due: now.Add(silence)}
		return w.due
	}
	last, busy := time.Unix(0, p.traffic.lastReceived.Load()), sent-w.sent >= busyPackets
	w.armed = w.armed || received != w.received
	if w.armed && busy && now.Sub(last) >= silence && now.Sub(w.told) >= silencePause {
		w.told, w.armed = now, false
		t.log.Debug("the path is silent", "to", p.to, "for", now.Sub(last))
		t.agent.HandleSilence(now)
		t.gatherer.Doubt(now)
	}
	w.sent, w.received, w.due = sent, received, time.Time{}
	if busy {
		w.due = now.Add(silence)
		if at := last.Add(silence); w.armed && at.Before(w.due) {
			w.due = later(at, now.Add(leastLook))
		}
	}
	return w.due
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// announcesLate says whether candidates are announced after the nil candidate.
func (pc *PeerConnection) announcesLate() bool {
	return pc.api.settings.announceLate || pc.negotiates.Load()
}

// A strangerNotice lets the loop know of packets from unknown addresses, now and then.
type strangerNotice struct{ next atomic.Int64 } // in nanoseconds since 1970

// strangerSeen takes a packet of n bytes from an address that ICE does not know, on a
// socket's goroutine: the peer's may have changed.
func (t *transport) strangerSeen(at time.Time, socket int, from netip.AddrPort, n int) {
	next := t.notice.next.Load()
	if t.path.Load() == nil || at.UnixNano() < next || !t.notice.next.CompareAndSwap(next, at.Add(strangerPause).UnixNano()) {
		return
	}
	if !t.pc.api.settings.allowsRemote(from.Addr()) {
		return
	}
	t.pc.loop.post(func(now time.Time) { t.agent.HandleStranger(now, socket, from, n) })
}

// pathLost says that a socket refuses packets because its network is gone.
func pathLost(err error) bool {
	if err == nil {
		return false
	}
	for _, lost := range []error{net.ErrClosed, syscall.ENETUNREACH, syscall.EHOSTUNREACH, syscall.ENETDOWN, syscall.EADDRNOTAVAIL} {
		if errors.Is(err, lost) {
			return true
		}
	}
	return false
}

var _ ice.NetworkWatcher = proxiedNetwork{}
