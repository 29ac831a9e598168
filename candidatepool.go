package webrtc

import (
	"time"

	"github.com/parleyrtc/webrtc/signaling"
)

// maxPool bounds the candidate pool under BundlePolicyMaxCompat: more sections than
// that rarely have transports of their own.
const maxPool = 16

// poolSize is how many transports of the pool descriptions could come to use.
func (c *Configuration) poolSize() int {
	limit := 3 // one each for audio, video and data
	switch c.BundlePolicy {
	case BundlePolicyMaxBundle:
		limit = 1
	case BundlePolicyMaxCompat:
		limit = maxPool
	}
	return min(int(c.ICECandidatePoolSize), limit)
}

// fillPool has as many transports gather ahead as the configuration asks for (RFC
// 9429 §3.5.4); renew has those that there are begin anew, for other servers.
func (pc *PeerConnection) fillPool(now time.Time, renew bool) {
	if len(pc.transports) > 0 || pc.described {
		return // it is for the first exchange
	}
	size := pc.config.poolSize()
	for len(pc.pool) > size {
		pc.dropPooled()
	}
	for _, t := range pc.pool {
		if renew {
			t.gatherer.SetServers(pc.gatherServers())
			t.gatherer.GatherAhead(now)
		}
	}
	for len(pc.pool) < size {
		t := newTransport(pc, -1)
		t.gatherer.GatherAhead(now)
		pc.pool = append(pc.pool, t)
	}
}

// pooled returns the transport for a section of a description: one that has gathered
// ahead, if there is one.
func (pc *PeerConnection) pooled(id signaling.TransportID) *transport {
	if len(pc.pool) == 0 {
		return newTransport(pc, id)
	}
	t := pc.pool[0]
	pc.pool = pc.pool[1:]
	t.id, t.log = id, pc.log.With("transport", int(id))
	return t
}

// dropPooled gives the last transport of the pool up.
func (pc *PeerConnection) dropPooled() {
	t := pc.pool[len(pc.pool)-1]
	pc.pool = pc.pool[:len(pc.pool)-1]
	pc.tasks.Go(t.close)
}

// dropPool ends the pool: the first exchange is over.
func (pc *PeerConnection) dropPool() {
	for len(pc.pool) > 0 {
		pc.dropPooled()
	}
}
