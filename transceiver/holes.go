package transceiver

import "github.com/parleyrtc/webrtc/transceiver/red"

// maxHoles is how many holes of a stream are kept. What is repeated lies a third of
// a second back at most: RFC 2198 §3 has 14 bits for it, of a clock of 48 kHz.
const maxHoles = 8

// A hole is a run of packets that are missing from a stream with redundant audio:
// by their extended sequence numbers, and by their timestamps, which are newer than
// after and no newer than through. A repeated packet is recognised by its timestamp
// alone: packets of padding, which nobody repeats, may stand between it and the
// packet that repeats it, under the timestamp of the packet before them.
type hole struct {
	first, end     uint64 // end is behind the last
	after, through uint32
	repeated       int // blocks of the present packet that belong into it and are still to come
}

// holes are the newest of a stream, oldest first.
type holes struct {
	list [maxHoles]hole
	n    int
}

// note takes the arrival of a packet into account that is padding alone or not.
// before and after are the extended number and the timestamp of the newest before it.
func (l *holes) note(a arrival, before, ext uint64, after, timestamp uint32, padding bool) {
	through := timestamp
	if !padding {
		through-- // what has the timestamp itself has come
	}
	switch {
	case a == arrivalFirst:
		l.n = 0
	case a == arrivalNext && ext > before+1:
		l.add(hole{first: before + 1, end: ext, after: after, through: through})
	case a == arrivalLate:
		for i := range l.list[:l.n] {
			if h := l.list[i]; h.first <= ext && ext < h.end {
				l.split(i, ext, timestamp, through)
				break
			}
		}
	}
}

// add adds a hole, if need be for the oldest.
func (l *holes) add(h hole) {
	if l.n == maxHoles {
		copy(l.list[:], l.list[1:])
		l.n--
	}
	l.list[l.n] = h
	l.n++
}

// split takes the packet ext out of a hole.
func (l *holes) split(i int, ext uint64, timestamp, through uint32) {
	old, rest := l.list[i], l.list[i+1:l.n]
	var behind [maxHoles]hole
	n := copy(behind[:], rest)
	l.n = i
	if old.first < ext {
		l.add(hole{first: old.first, end: ext, after: old.after, through: through})
	}
	if ext+1 < old.end {
		l.add(hole{first: ext + 1, end: old.end, after: timestamp, through: old.through, repeated: old.repeated})
	}
	for _, h := range behind[:n] {
		l.add(h)
	}
}

// of returns the hole that a packet with this timestamp is missing from, nil if it
// is not missing.
func (l *holes) of(timestamp uint32) *hole {
	for i := l.n - 1; i >= 0; i-- {
		if h := &l.list[i]; int32(timestamp-h.after) > 0 && int32(h.through-timestamp) >= 0 {
			return h
		}
	}
	return nil
}

// expect counts what the blocks of a packet repeat of each hole.
func (l *holes) expect(blocks red.Blocks, timestamp uint32) {
	for i := range l.list[:l.n] {
		l.list[i].repeated = 0
	}
	for b, ok := blocks.Next(); ok && l.n > 0; b, ok = blocks.Next() {
		if b.Distance == 0 {
			break
		}
		if h := l.of(timestamp - uint32(b.TimestampOffset)); h != nil {
			h.repeated++
		}
	}
}

// place returns the extended sequence number of the next block that was expected,
// whose timestamp is given; false if none is missing. Senders repeat the packets
// right before, so that the blocks of a hole end where it ends.
func (l *holes) place(timestamp uint32) (ext uint64, ok bool) {
	h := l.of(timestamp)
	if h == nil || h.repeated == 0 {
		return 0, false
	}
	ext = h.end - uint64(h.repeated)
	h.repeated--
	return ext, ext >= h.first
}
