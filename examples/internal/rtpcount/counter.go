// Package rtpcount counts the packets of a stream: what has arrived, what is
// lost and how evenly the rest comes, as RFC 3550 defines it.
package rtpcount

import (
	"time"

	"github.com/pion/rtp"
)

// A Counter counts the packets of one stream. It is not safe for concurrent use.
type Counter struct {
	// ClockRate is that of the stream's timestamps, in Hz.
	ClockRate uint32

	packets       int
	bytes         int
	first, newest uint16
	wraps         int
	timestamp     uint32    // of the packet before
	arrival       time.Time // of the packet before
	jitter        float64   // seconds
}

// Packet counts a packet that arrived at a time.
func (c *Counter) Packet(p *rtp.Packet, arrival time.Time) {
	if c.packets == 0 {
		c.first, c.newest = p.SequenceNumber, p.SequenceNumber
	} else {
		if ahead := p.SequenceNumber - c.newest; ahead != 0 && ahead < 1<<15 {
			if p.SequenceNumber < c.newest {
				c.wraps++
			}
			c.newest = p.SequenceNumber
		}
		// "The difference D in packet spacing at the receiver compared to the
		// sender", smoothed with a gain of 1/16 (RFC 3550 §6.4.1).
		sent := float64(int32(p.Timestamp-c.timestamp)) / float64(c.ClockRate)
		d := arrival.Sub(c.arrival).Seconds() - sent
		c.jitter += (max(d, -d) - c.jitter) / 16
	}
	c.packets++
	c.bytes += len(p.Payload)
	c.timestamp, c.arrival = p.Timestamp, arrival
}

// Packets returns how many packets have arrived, those that came twice twice.
func (c *Counter) Packets() int { return c.packets }

// Bytes returns how many bytes of payload were in them.
func (c *Counter) Bytes() int { return c.bytes }

// Newest returns the highest sequence number, wraps aside.
func (c *Counter) Newest() uint16 { return c.newest }

// Expected returns how many packets were sent from the first to the newest.
func (c *Counter) Expected() int {
	if c.packets == 0 {
		return 0
	}
	return c.wraps<<16 + int(c.newest) - int(c.first) + 1
}

// Lost returns how many of those are missing. What came twice makes up for what
// did not come at all (RFC 3550 §6.4.1), so that it may be negative.
func (c *Counter) Lost() int { return c.Expected() - c.packets }

// Jitter returns the interarrival jitter.
func (c *Counter) Jitter() time.Duration { return time.Duration(c.jitter * float64(time.Second)) }
