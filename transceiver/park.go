package transceiver

import (
	"bytes"
	"encoding/binary"
	"time"
)

const (
	// What may be parked for lack of keys: what a peer sends while its last
	// handshake message is under way.
	maxEarly, maxEarlyBytes = 64, 128 << 10
	// What may be parked for lack of an m-line: the answer may be slower than the
	// media (RFC 3264 §5.1 has the offerer ready for that), and the packet that
	// says what a stream is may be lost.
	maxParked, maxParkedBytes = 512, 512 << 10
	maxParkedOfStream         = 192
	maxParkedAge              = 5 * time.Second
	// replayInterval is the shortest time between two looks at what is parked.
	replayInterval = 20 * time.Millisecond
)

// A parked packet waits for what tells where it belongs.
type parked struct {
	b    []byte
	info PacketInfo
	rtcp bool // only before the keys
}

// parking is a bounded list of packets.
type parking struct {
	packets []parked
	bytes   int
}

// add takes a copy of a packet unless there is no room.
func (p *parking) add(b []byte, info PacketInfo, rtcp bool, count, size int) bool {
	if len(p.packets) >= count || p.bytes+len(b) > size {
		return false
	}
	p.packets = append(p.packets, parked{bytes.Clone(b), info, rtcp})
	p.bytes += len(b)
	return true
}

// take empties the list.
func (p *parking) take() []parked {
	out := p.packets
	*p = parking{}
	return out
}

// park keeps a decrypted RTP packet for which there is no m-line or track yet.
// What does not find one in time is dropped.
func (s *Session) park(st *stream, b []byte, info PacketInfo) {
	s.expire(info.Arrival)
	if st.parked >= maxParkedOfStream || !s.parked.add(b, info, false, maxParked, maxParkedBytes) {
		s.stats.Unroutable++
		return
	}
	st.parked++
	if len(s.parked.packets) == 1 {
		s.timePark()
	}
}

// expire drops what has been parked for too long.
func (s *Session) expire(now time.Time) {
	p := &s.parked
	n := 0
	for n < len(p.packets) && now.Sub(p.packets[n].info.Arrival) >= maxParkedAge {
		p.bytes -= len(p.packets[n].b)
		s.unparked(p.packets[n].b)
		n++
	}
	if n == 0 {
		return
	}
	s.stats.Unroutable += uint64(n)
	p.packets = append([]parked(nil), p.packets[n:]...)
	s.timePark()
}

// timePark notes when the oldest parked packet will have been there for too long.
func (s *Session) timePark() {
	s.parkDue = 0
	if p := s.parked.packets; len(p) > 0 {
		s.parkDue = s.at(p[0].info.Arrival) + maxParkedAge
	}
}

// unparked notes that a packet of a stream is parked no more.
func (s *Session) unparked(b []byte) {
	if st := s.streams[binary.BigEndian.Uint32(b[8:])]; st != nil && st.parked > 0 {
		st.parked--
	}
}

// reclaim delivers what is parked of a stream that has found its place, ahead of
// what showed it.
func (s *Session) reclaim(d *delivery, st *stream) {
	if st.parked == 0 {
		return
	}
	all := s.parked.take()
	st.parked = 0
	for _, p := range all {
		if binary.BigEndian.Uint32(p.b[8:]) != st.ssrc {
			s.parked.packets = append(s.parked.packets, p)
			s.parked.bytes += len(p.b)
		}
	}
	for _, p := range all {
		if binary.BigEndian.Uint32(p.b[8:]) == st.ssrc {
			s.receive(d, p.b, p.info, true)
		}
	}
	s.timePark()
}

// settled notes that a stream has found its place, so that parked packets may
// find theirs.
func (s *Session) settled() { s.replay = s.replay || len(s.parked.packets) > 0 }

// unpark gives the parked packets another try if one of them may have found its
// place; not too often, as a peer may give cause with each packet.
func (s *Session) unpark(d *delivery, at time.Duration) {
	if !s.replay || at < s.replayFrom {
		return
	}
	s.replayFrom = at + replayInterval
	s.replayAll(d)
}

func (s *Session) replayAll(d *delivery) {
	s.replay, s.parkDue = false, 0
	for _, p := range s.parked.take() {
		s.unparked(p.b)
		s.receive(d, p.b, p.info, true)
	}
}
