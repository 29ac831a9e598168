package transceiver

import (
	"slices"
	"time"

	"github.com/parleyrtc/webrtc/transceiver/feedback"
	"github.com/parleyrtc/webrtc/transceiver/rtpheader"
)

// handle takes a protected packet. push says that the goroutine is one that calls
// push handlers.
func (s *Session) handle(b []byte, info PacketInfo, rtcp, push bool) {
	d := deliveries.Get().(*delivery)
	s.in.Lock()
	b = s.open(b, info, rtcp)
	if b != nil {
		if push {
			s.deliverLate(d)
		}
		if rtcp {
			s.control(d, b, info.Arrival)
		} else {
			s.receive(d, b, info, false)
		}
		s.settle(d)
	}
	s.in.Unlock()
	s.finish(d, info.Arrival, push, b, rtcp)
}

// open decrypts a packet in place. It returns nil if there is nothing to go on
// with: then it is parked for the keys, or refused and counted.
func (s *Session) open(b []byte, info PacketInfo, rtcp bool) []byte {
	switch {
	case s.closed:
		return nil
	case s.opener == nil:
		if !s.early.add(b, info, rtcp, maxEarly, maxEarlyBytes) {
			s.stats.Early++
		}
		return nil
	}
	var err error
	if rtcp {
		b, err = s.opener.OpenRTCP(b)
	} else {
		b, err = s.opener.OpenRTP(b)
	}
	if err != nil {
		s.stats.Refused++
		return nil
	}
	return b
}

// settle notes what the next deadline is. in is held.
func (s *Session) settle(d *delivery) {
	if next := s.due(); !next.IsZero() && (s.promised.IsZero() || next.Before(s.promised)) {
		s.promised = next
		d.wake = true
	}
}

// finish does, without the lock, what a packet or a deadline has led to. b is the
// packet, nil if there was none.
func (s *Session) finish(d *delivery, now time.Time, push bool, b []byte, rtcp bool) {
	if d.wake {
		s.cfg.Wake()
	}
	if d.arm {
		s.out.armReports(now, d.video)
	}
	d.run(push)
	if rtcp && b != nil {
		for _, r := range d.heard {
			if f := r.cfg.OnRTCP; f != nil {
				f(b)
			}
		}
		reader := feedback.NewReader(b)
		for p, ok := reader.Next(); ok; p, ok = reader.Next() {
			s.out.handleRTCP(now, p)
		}
	}
	switch {
	case !push && len(d.items) > 0:
		s.postpone(d)
	case len(d.owed) > 0:
		s.in.Lock()
		s.owed = append(s.owed, d.owed...)
		s.in.Unlock()
	}
	d.release()
}

// wakeReaders wakes those who wait for what the batch that ends has brought.
func (s *Session) wakeReaders() {
	var few [4]*Track
	s.in.Lock()
	tracks := append(few[:0], s.owed...)
	clear(s.owed)
	s.owed = s.owed[:0]
	s.in.Unlock()
	for _, t := range tracks {
		t.settle()
	}
}

// postpone notes the tracks whose push handlers have not been called for what was
// delivered.
func (s *Session) postpone(d *delivery) {
	s.in.Lock()
	defer s.in.Unlock()
	for i := range d.items {
		if t := d.items[i].track; !slices.Contains(s.undelivered, t) && !s.closed {
			s.undelivered = append(s.undelivered, t)
		}
	}
}

// deliverLate has a goroutine that calls push handlers look after what others have
// delivered.
func (s *Session) deliverLate(d *delivery) {
	if len(s.undelivered) == 0 {
		return
	}
	d.late = append(d.late, s.undelivered...)
	clear(s.undelivered) // nothing is to hold a track that may be the last of its receiver
	s.undelivered = s.undelivered[:0]
}

// record notes the arrival of a packet for feedback on all of them.
func (s *Session) record(h *rtpheader.Header, e *elements, info PacketInfo) {
	if s.transport != nil && e.hasTransport {
		s.transport.Record(e.transport, info.Arrival)
		s.transportSSRC = h.SSRC
	}
	if s.congestion != nil {
		s.congestion.Record(h.SSRC, h.SequenceNumber, info.ECN, info.Arrival)
	}
}

// SetReceivers sets which receivers the transport's packets are for, all at
// once. Receivers that are not listed any more are detached. The tracks of those
// that received and do not any more are paused: once what waits has been read,
// reads return io.EOF, until the receiver receives again. What has arrived for receivers that were not there is delivered
// now, to push handlers with the next packet or Flush.
func (s *Session) SetReceivers(receptions []Reception) {
	d := deliveries.Get().(*delivery)
	s.in.Lock()
	if !s.closed {
		s.setReceivers(slices.Clone(receptions))
		s.replayAll(d)
		s.settle(d)
	}
	var now time.Time
	if d.arm = len(d.items) > 0; d.arm {
		now = d.items[0].packet.Arrival
	}
	s.in.Unlock()
	s.finish(d, now, false, nil, false)
}

// setReceivers replaces the table. in is held.
func (s *Session) setReceivers(receptions []Reception) {
	t := newTable(receptions)
	for _, r := range t.inherit(s.table, s.streams) {
		for _, track := range r.Tracks() {
			track.announced.Store(false)
		}
	}
	for _, old := range s.receptions {
		b := t.of(old.Receiver)
		if b == nil && !old.Receiver.session.CompareAndSwap(s, nil) {
			continue // another session has it, whose say it is whether it receives
		}
		if old.Parameters.Receiving && (b == nil || !b.receiving) {
			old.Receiver.pause(true)
		}
	}
	for _, b := range t.bindings {
		b.receiver.session.Store(s)
		if b.receiving {
			b.receiver.pause(false)
		}
	}
	s.receptions, s.table = receptions, t
	s.undelivered = slices.DeleteFunc(s.undelivered, func(track *Track) bool { return t.of(track.receiver) == nil })
	switch {
	case !t.transport:
		s.transport = nil
	case s.transport == nil:
		s.transport = feedback.NewTransportRecorder(0)
	}
	switch {
	case !t.congestion:
		s.congestion = nil
	case s.congestion == nil:
		s.congestion = feedback.NewCongestionRecorder(0)
	}
}

// detach takes a receiver out of the table.
func (s *Session) detach(r *Receiver) {
	s.in.Lock()
	defer s.in.Unlock()
	if s.closed {
		return
	}
	s.setReceivers(slices.DeleteFunc(slices.Clone(s.receptions), func(o Reception) bool { return o.Receiver == r }))
}
