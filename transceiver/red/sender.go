package red

// Sender makes the payloads of a stream that repeats in each packet what those
// before it carried, as is common for Opus. It is not safe for concurrent use.
type Sender struct {
	// past has the newest payloads in the order of sending. It is a ring from
	// start on.
	past  []sent
	start int
	n     int
	work  []Block
}

type sent struct {
	payloadType uint8
	timestamp   uint32
	payload     []byte
}

// MaxDistance is how many packets a [Sender] can repeat.
const MaxDistance = 8

// NewSender returns a Sender that repeats the last distance packets, 0 to
// [MaxDistance].
func NewSender(distance int) *Sender {
	distance = max(0, min(distance, MaxDistance))
	return &Sender{past: make([]sent, distance), work: make([]Block, 0, distance+1)}
}

// Reset forgets the packets sent so far, for a stream that starts anew.
func (s *Sender) Reset() { s.start, s.n = 0, 0 }

// Append appends to dst the payload of the next packet, with the payload type
// and the timestamp that its payload has by itself, and remembers that. Earlier
// ones are repeated, the newest first to be considered, as far as the whole
// stays within limit bytes and their headers can express them; the packet's own
// payload is never left out.
func (s *Sender) Append(dst []byte, payloadType uint8, timestamp uint32, payload []byte, limit int) []byte {
	size, first := primaryHeaderSize+len(payload), s.n
	for i := s.n - 1; i >= 0; i-- {
		p := &s.past[(s.start+i)%len(s.past)]
		size += redundantHeaderSize + len(p.payload)
		// A block with a gap behind it would not be where its distance says.
		if offset := timestamp - p.timestamp; size > limit || offset == 0 || offset > MaxTimestampOffset || len(p.payload) > MaxBlockSize {
			break
		}
		first = i
	}
	s.work = s.work[:0]
	for i := first; i < s.n; i++ {
		p := &s.past[(s.start+i)%len(s.past)]
		s.work = append(s.work, Block{PayloadType: p.payloadType, TimestampOffset: uint16(timestamp - p.timestamp), Payload: p.payload})
	}
	s.work = append(s.work, Block{PayloadType: payloadType & 0x7f, Payload: payload})
	dst, _ = Append(dst, s.work) // all of it was checked
	clear(s.work)
	s.remember(payloadType&0x7f, timestamp, payload)
	return dst
}

// remember keeps a copy of a payload in place of the oldest.
func (s *Sender) remember(payloadType uint8, timestamp uint32, payload []byte) {
	if len(s.past) == 0 {
		return
	}
	if s.n < len(s.past) {
		s.n++
	} else {
		s.start = (s.start + 1) % len(s.past)
	}
	p := &s.past[(s.start+s.n-1)%len(s.past)]
	p.payloadType, p.timestamp, p.payload = payloadType, timestamp, append(p.payload[:0], payload...)
}
