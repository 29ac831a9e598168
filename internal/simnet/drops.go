package simnet

import (
	"fmt"
	"strings"
)

// Reason is why a packet was dropped.
type Reason uint8

const (
	NoRoute           Reason = iota + 1 // no node has the destination address
	NoListener                          // no socket is bound to the destination
	InterfaceDown                       // the receiving interface is down
	Blocked                             // BlockUDP
	CutOff                              // Cut
	Lost                                // Path.Loss
	LostInBurst                         // Path.Burst
	QueueFull                           // Path.Queue
	TooBig                              // Path.MTU
	NATNoMapping                        // no mapping has the destination
	NATFiltered                         // the mapping is not open to the source
	NATHairpin                          // an internal host's external address, and NATConfig.Hairpin is not set
	NATPortsExhausted                   // no external port is free
	ReceiveBufferFull                   // ReceiveBuffer
	Vetoed                              // SetFilter
	reasons
)

var reasonNames = [reasons]string{
	"", "no route", "no listener", "interface down", "blocked", "cut off", "lost", "lost in a burst",
	"queue full", "too big", "no NAT mapping", "filtered by NAT", "no hairpin", "NAT ports exhausted",
	"receive buffer full", "vetoed",
}

// String returns the reason in words.
func (r Reason) String() string {
	if r >= reasons {
		return "unknown"
	}
	return reasonNames[r]
}

// Stats counts packets since New.
type Stats struct {
	// Sent, Delivered and Duplicated count packets, the ones injected too. A
	// multicast packet is delivered once for each socket.
	Sent, Delivered, Duplicated uint64
	// Bytes are those delivered, without headers.
	Bytes uint64
	drops [reasons]uint64
}

// String lists the counters that are not 0.
func (s Stats) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "sent %d, delivered %d (%d bytes)", s.Sent, s.Delivered, s.Bytes)
	if s.Duplicated > 0 {
		fmt.Fprintf(&b, ", duplicated %d", s.Duplicated)
	}
	for r, count := range s.drops {
		if count > 0 {
			fmt.Fprintf(&b, ", %v %d", Reason(r), count)
		}
	}
	return b.String()
}

// Drops returns how many packets were dropped for the reason.
func (s Stats) Drops(r Reason) uint64 { return s.drops[r] }

// Stats returns the counters.
func (n *Network) Stats() Stats {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.stats
}
