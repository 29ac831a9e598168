package transceiver

import (
	"slices"
	"time"
)

const (
	// maxMissing is how many packets of a stream are asked for at a time. A gap
	// that is larger costs a key frame instead, which is smaller.
	maxMissing = 512
	// maxNackTries and maxNackAge are when a packet is given up.
	maxNackTries = 10
	maxNackAge   = time.Second
	// The tolerance for packets that overtake each other is an eighth of the
	// round trip within these bounds: what is late by more has cost a
	// retransmission, what is lost waits that long.
	minReordering, maxReordering = 2 * time.Millisecond, 10 * time.Millisecond
	// assumedRTT stands for a round trip that is not known.
	assumedRTT = 100 * time.Millisecond
	// minRetry is the shortest time between two requests for one packet.
	minRetry = 20 * time.Millisecond
	// maxStale is how many packets are asked for though they were sent before or
	// during a silence of the age above.
	maxStale = 32
	// fastTries is how many requests follow each other without back-off: three
	// of them find a place in half a second of a round trip of 100 ms.
	fastTries = 4
)

// A missing packet is one that others have overtaken.
type missing struct {
	ext uint64
	// since is when it was noticed, due when it is to be asked for (again), asked
	// when it was asked for last, on the session's clock.
	since, due, asked time.Duration
	tries             uint8
}

// nacks are the packets that a stream misses and that are worth to be asked for
// (RFC 4585 §6.2.1), in ascending order.
type nacks struct {
	missing []missing
}

// reordering returns how long to wait for a packet that was overtaken.
func reordering(rtt time.Duration) time.Duration {
	return max(minReordering, min(rtt/8, maxReordering))
}

// retry returns the time from the given request for a packet to the next.
func retry(rtt time.Duration, tries uint8) time.Duration {
	d := max(rtt+max(rtt/4, 10*time.Millisecond), minRetry)
	for ; tries >= fastTries; tries-- {
		d *= 2
	}
	return d
}

// gap notes that the packets from ext on, up to but without end, are missing, and
// returns when they are to be asked for. It reports false if there are too many:
// then nothing is asked for any more.
func (k *nacks) gap(ext, end uint64, now, rtt time.Duration) (due time.Duration, ok bool) {
	if uint64(len(k.missing))+end-ext > maxMissing {
		k.missing = k.missing[:0]
		return 0, false
	}
	due = now + reordering(rtt)
	for ; ext < end; ext++ {
		k.missing = append(k.missing, missing{ext: ext, since: now, due: due})
	}
	return due, true
}

// arrived takes a packet off the list, and returns what was known of it.
func (k *nacks) arrived(ext uint64) (m missing, ok bool) {
	i, ok := k.find(ext)
	if ok {
		m = k.missing[i]
		k.missing = slices.Delete(k.missing, i, i+1)
	}
	return m, ok
}

func (k *nacks) find(ext uint64) (int, bool) {
	return slices.BinarySearchFunc(k.missing, ext, func(m missing, ext uint64) int {
		switch {
		case m.ext < ext:
			return -1
		case m.ext > ext:
			return 1
		}
		return 0
	})
}

// asked returns when the packet was asked for, if that was once.
func (k *nacks) asked(ext uint64) (at time.Duration, once bool) {
	i, ok := k.find(ext)
	if !ok || k.missing[i].tries != 1 {
		return 0, false
	}
	return k.missing[i].asked, true
}

// wants reports whether the packet has been asked for and not come.
func (k *nacks) wants(ext uint64) bool {
	i, ok := k.find(ext)
	return ok && k.missing[i].tries > 0
}

// due appends the numbers of the packets that are to be asked for now. It returns
// them, how many packets were given up, and the next time it is to be called; 0
// for never.
func (k *nacks) due(dst []uint16, now, rtt time.Duration) (out []uint16, lost int, next time.Duration) {
	kept := k.missing[:0]
	for _, m := range k.missing {
		if m.due <= now {
			if m.tries >= maxNackTries || now-m.since >= maxNackAge {
				lost++
				continue
			}
			m.tries++
			m.asked, m.due = now, now+retry(rtt, m.tries)
			dst = append(dst, uint16(m.ext))
		}
		if next == 0 || m.due < next {
			next = m.due
		}
		kept = append(kept, m)
	}
	k.missing = kept
	return dst, lost, next
}

// reset forgets all.
func (k *nacks) reset() { k.missing = k.missing[:0] }
