package dtlstransport

import (
	"errors"
	"log/slog"
	"sync"
)

// Bounds of a burst: what Append gathers before it leaves by itself. The kernel
// takes no more than 64 datagrams or 64 KiB in one piece.
const (
	burstRecords = 64
	burstBytes   = 64 << 10
)

// confidentialityLimit is the number of records under one key after which an
// attacker who sees them all has a chance of more than 2^-57 to tell AES-GCM
// from a perfect cipher, if each has at most 2048 bytes (RFC 9001 §B.1.1).
const confidentialityLimit = 1 << 28

var (
	errSealerClosed = errors.New("the session is over")
	errExhausted    = errors.New("the record numbers of the session are used up")
)

// burst is a run of sealed records, each a datagram.
type burst struct {
	bytes   []byte
	records [][]byte
}

// bursts are shared by all transports: one is held only while records wait.
var bursts = sync.Pool{New: func() any {
	return &burst{bytes: make([]byte, 0, burstBytes), records: make([][]byte, 0, burstRecords)}
}}

func (b *burst) free() {
	clear(b.records)
	b.bytes, b.records = b.bytes[:0], b.records[:0]
	bursts.Put(b)
}

// sealer owns the outgoing half of the session: the key and its sequence
// numbers. Nobody else seals with that key.
type sealer struct {
	send func([][]byte) // hands datagrams to the path
	log  *slog.Logger

	// sending is held while a burst is taken and sent, so that bursts leave in
	// the order of their records. It is locked before mu.
	sending sync.Mutex

	mu      sync.Mutex // guards what follows
	protect protection
	next    uint64 // the next sequence number
	waiting *burst // nil if nothing waits
	closed  bool   // close_notify has been sealed
	// changeCipherSpec is the next sequence number of epoch 0, in which the
	// last flight begins.
	changeCipherSpec uint64
	// finished is our Finished if the last flight of the handshake was ours.
	finished []byte
}

// append seals one record of application data behind those that wait.
func (s *sealer) append(content []byte) error {
	for {
		s.mu.Lock()
		b := s.waiting
		if b == nil {
			b = bursts.Get().(*burst)
			s.waiting = b
		}
		if len(b.records) < burstRecords && len(b.bytes)+len(content)+recordOverhead <= cap(b.bytes) {
			err := s.seal(b, typeApplicationData, content)
			if err != nil && len(b.records) == 0 {
				s.waiting = nil
				b.free()
			}
			s.mu.Unlock()
			return err
		}
		s.mu.Unlock()
		s.flush()
	}
}

// seal adds a record to b. mu is held.
func (s *sealer) seal(b *burst, typ uint8, content []byte) error {
	switch {
	case s.closed:
		return errSealerClosed
	case s.next >= maxSequence && typ != typeAlert || s.next > maxSequence:
		// RFC 6347 §4.1: "implementations MUST either abandon an association or
		// rehandshake prior to allowing the sequence number to wrap." The last
		// number is kept for close_notify.
		return errExhausted
	case s.next == confidentialityLimit && s.protect.explicit > 0:
		// RFC 9325 §4.4 recommends a new handshake, which is the program's to
		// ask for: by a new association.
		s.log.Warn("dtls: many records under one key", "records", s.next)
	}
	start := len(b.bytes)
	b.bytes = s.protect.seal(b.bytes, typ, s.next, content)
	s.next++
	b.records = append(b.records, b.bytes[start:len(b.bytes):len(b.bytes)])
	return nil
}

// flush sends what waits.
func (s *sealer) flush() {
	s.sending.Lock()
	defer s.sending.Unlock()
	s.mu.Lock()
	b := s.waiting
	s.waiting = nil
	s.mu.Unlock()
	if b == nil {
		return
	}
	s.send(b.records)
	b.free()
}

// alert sends an alert at once. Nothing follows close_notify (RFC 5246 §7.2.1):
// what waits is dropped.
func (s *sealer) alert(level, description uint8) {
	b := bursts.Get().(*burst)
	defer b.free()
	s.sending.Lock() // a burst that is being sent comes before
	defer s.sending.Unlock()
	s.mu.Lock()
	err := s.seal(b, typeAlert, []byte{level, description})
	if description == alertCloseNotify {
		s.end()
	}
	s.mu.Unlock()
	if err == nil {
		s.send(b.records)
	}
}

// close ends sealing, and drops what waits.
func (s *sealer) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.end()
}

// end is close with mu held.
func (s *sealer) end() {
	s.closed = true
	if s.waiting != nil {
		s.waiting.free()
		s.waiting = nil
	}
}

// lastFlight sends ChangeCipherSpec and Finished again, in one datagram. The
// messages are those of before. RFC 6347 §4.2.2: "From the perspective of the
// DTLS record layer, the retransmission is a new record. This record will have
// a new DTLSPlaintext.sequence_number value."
func (s *sealer) lastFlight() {
	b := bursts.Get().(*burst)
	defer b.free()
	s.mu.Lock()
	if s.finished == nil {
		s.mu.Unlock()
		return
	}
	b.bytes = appendPlaintext(b.bytes, typeChangeCipherSpec, s.changeCipherSpec, []byte{1})
	s.changeCipherSpec++
	err := s.seal(b, typeHandshake, s.finished)
	s.mu.Unlock()
	if err == nil {
		b.records[0] = b.bytes
		s.send(b.records)
	}
}
