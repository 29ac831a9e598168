package transceiver

import (
	"io"
	"os"
	"time"
)

func (e *queued) info() PacketInfo {
	return PacketInfo{Arrival: e.arrival, ECN: e.ecn, Recovered: e.recovered}
}

// Read waits for a packet and copies it to b. The error is io.ErrShortBuffer if b
// is too short, and the packet is lost; os.ErrDeadlineExceeded after the deadline;
// io.EOF while the track is paused (see [Session.SetReceivers]); and what Close
// was given when the track is closed.
func (t *Track) Read(b []byte) (n int, m PacketInfo, err error) {
	b, m, err = t.read(b, false)
	return len(b), m, err
}

// ReadWhole is Read for packets of any size: one that b is too short for is in
// memory of its own.
func (t *Track) ReadWhole(b []byte) ([]byte, PacketInfo, error) { return t.read(b, true) }

func (t *Track) read(b []byte, whole bool) ([]byte, PacketInfo, error) {
	t.turn <- struct{}{}
	defer func() { <-t.turn }()
	for {
		out, m, until, err := t.tryRead(b, whole)
		if len(out) > 0 || err != nil {
			return out, m, err
		}
		t.await(until)
	}
}

// ReadPacket is ReadWhole into a Packet.
func (t *Track) ReadPacket(b []byte, p *Packet) error {
	for {
		raw, m, err := t.ReadWhole(b)
		if err != nil {
			return err
		}
		if p.set(raw, m) {
			return nil
		}
	}
}

// SetReadDeadline bounds present and future reads; the zero time lifts the bound.
func (t *Track) SetReadDeadline(deadline time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.deadline = deadline
	t.signal()
}

// tryRead reads a packet if there is one; out is empty without error if there is
// not, and until is when to look again even if nobody signals, the zero time for
// never.
func (t *Track) tryRead(b []byte, whole bool) (out []byte, m PacketInfo, until time.Time, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ended != nil {
		return nil, m, until, t.ended
	}
	var now time.Time // of use only where something depends on it
	if t.ordered > 0 || !t.deadline.IsZero() {
		now = time.Now()
	}
	if until = t.deadline; !until.IsZero() && !now.Before(until) {
		return nil, m, until, os.ErrDeadlineExceeded
	}
	i, due := t.pick(now)
	if i < 0 {
		if t.paused && t.queue.lowest() < 0 {
			return nil, m, until, io.EOF
		}
		if !due.IsZero() && (until.IsZero() || due.Before(until)) {
			until = due
		}
		return nil, m, until, nil
	}
	e := t.queue.entry(i)
	t.next = e.order + 1
	if e.n > len(b) {
		if !whole {
			// It goes, for it would stand in the way of all that come after it.
			t.dropped++
			t.queue.take(i)
			return nil, m, until, io.ErrShortBuffer
		}
		b = make([]byte, e.n)
	}
	out, m = b[:e.n], e.info()
	t.queue.copyOut(out, e)
	t.queue.take(i)
	return out, m, until, nil
}

// pick returns the place of the packet to read now, or -1 and when there will be
// one though nothing arrives.
func (t *Track) pick(now time.Time) (int, time.Time) {
	if t.ordered == 0 {
		if t.queue.count == 0 {
			return -1, time.Time{}
		}
		return 0, time.Time{} // the oldest has not been read
	}
	for {
		i := t.queue.lowest()
		if i < 0 {
			return -1, time.Time{}
		}
		e := t.queue.entry(i)
		if e.order < t.next {
			t.late++
			t.queue.take(i)
			continue
		}
		if e.order == t.next || e.order>>orderShift != t.next>>orderShift {
			return i, time.Time{} // the next one, or the first of another run
		}
		// No packet waits longer than the limit, for whatever others.
		if due := t.queue.entry(0).arrival.Add(t.ordered); now.Before(due) {
			return -1, due
		}
		return i, time.Time{}
	}
}

// await waits for a signal or the time, if it is not zero. The caller has the
// turn.
func (t *Track) await(until time.Time) {
	if until.IsZero() {
		<-t.wake
		return
	}
	if t.timer == nil {
		t.timer = time.NewTimer(time.Until(until))
	} else {
		t.timer.Reset(time.Until(until))
	}
	select {
	case <-t.wake:
		t.timer.Stop()
	case <-t.timer.C:
	}
}
