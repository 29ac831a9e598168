package feedback

import (
	"math"
	"time"
)

// TransportFeedback tells when packets with consecutive transport-wide sequence
// numbers arrived (draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1).
type TransportFeedback struct {
	Sender, Media uint32
	// Base is the first sequence number that the packet speaks of, Count how
	// many follow from there. Those that have no arrival were not received.
	Base, Count uint16
	// Number counts the feedback packets of a sender, so that lost ones are
	// noticed.
	Number uint8
	// Arrivals are in the order of sequence numbers.
	Arrivals []TransportArrival
}

// TransportArrival is the arrival of one packet.
type TransportArrival struct {
	Sequence uint16
	// Ticks is the time on the receiver's clock, whose zero means nothing, in
	// units of [TransportTick]. It wraps about every twelve days.
	Ticks int64
}

// At returns the time as a duration since the clock's zero.
func (a TransportArrival) At() time.Duration { return time.Duration(a.Ticks) * TransportTick }

const (
	// TransportTick is the unit of arrival times.
	TransportTick = 250 * time.Microsecond

	referenceShift      = 8 // the reference time is in 256 ticks: 64 ms
	transportHeaderSize = feedbackHeaderSize + 8

	// The symbols of packet status chunks (§3.1.1).
	symbolMissing = 0
	symbolSmall   = 1 // an unsigned byte of ticks
	symbolLarge   = 2 // a signed word of ticks

	maxRun         = 1<<13 - 1
	oneBitSymbols  = 14
	twoBitSymbols  = 7
	vectorChunk    = 0x8000
	twoBitChunk    = 0x4000
	runSymbolShift = 13

	maxPacketSize = 4 << 16 // as the length field can say
)

// Append appends the packet to dst. It returns dst and [ErrRange] if there are
// no arrivals, if they are not in order from Base to Base+Count-1, or if two
// neighbours are more than about 8 seconds apart.
func (f *TransportFeedback) Append(dst []byte) ([]byte, error) {
	last := -1
	for i := range f.Arrivals {
		at := int(f.Arrivals[i].Sequence - f.Base)
		if at <= last || at >= int(f.Count) {
			return dst, ErrRange
		}
		last = at
	}
	out, n := f.appendWithin(dst, math.MaxInt)
	if n == 0 || n < len(f.Arrivals) {
		return dst, ErrRange
	}
	return out, nil
}

// appendWithin appends a packet of at most limit bytes that has as many of the
// arrivals as fit, and returns how many. Then it speaks of the sequence numbers
// up to the last of those, else of all Count.
func (f *TransportFeedback) appendWithin(dst []byte, limit int) ([]byte, int) {
	if len(f.Arrivals) == 0 {
		return dst, 0
	}
	start := len(dst)
	reference := f.Arrivals[0].Ticks >> referenceShift
	dst = open(dst, formatTransport, TypeTransportFeedback)
	dst = append32(append32(dst, f.Sender), f.Media)
	dst = append32(dst, uint32(f.Base)<<16) // the count is set below
	dst = append(append24(dst, uint32(reference)), f.Number)

	c := statusCursor{arrivals: f.Arrivals, base: f.Base, count: f.describable(), previous: reference << referenceShift}
	deltas, end := 0, len(dst)
	limit = min(limit, maxPacketSize) &^ 3 // the packet is padded to whole words
	for c.position < c.count {
		next := c
		chunk := next.chunk()
		if room := limit - (len(dst) - start) - 2 - deltas; next.deltas > room {
			if !c.shorten(room) {
				break
			}
			continue
		}
		dst = append16(dst, chunk)
		if next.arrival > c.arrival {
			end = len(dst)
		}
		deltas += next.deltas
		next.deltas = 0
		c = next
	}
	if c.arrival == 0 {
		return dst[:start], 0
	}
	count := uint16(c.position)
	if c.arrival < len(f.Arrivals) {
		// What follows the last arrival is left to the next packet, chunks of
		// missing packets too.
		count, dst = f.Arrivals[c.arrival-1].Sequence-f.Base+1, dst[:end]
	}
	putCount(dst[start:], count)
	previous := reference << referenceShift
	for i := range f.Arrivals[:c.arrival] {
		now := f.Arrivals[i].Ticks
		if d := now - previous; d >= 0 && d <= math.MaxUint8 {
			dst = append(dst, uint8(d))
		} else {
			dst = append16(dst, uint16(d))
		}
		previous = now
	}
	return closed(dst, start), c.arrival
}

func putCount(packet []byte, count uint16) {
	at := headerSize + feedbackHeaderSize + 2
	packet[at], packet[at+1] = uint8(count>>8), uint8(count)
}

// describable returns how many sequence numbers from Base one packet can speak
// of: Count, unless the time between two arrivals is beyond a delta.
func (f *TransportFeedback) describable() int {
	for i := 1; i < len(f.Arrivals); i++ {
		if d := f.Arrivals[i].Ticks - f.Arrivals[i-1].Ticks; d > math.MaxInt16 || d < math.MinInt16 {
			return int(f.Arrivals[i-1].Sequence-f.Base) + 1
		}
	}
	return int(f.Count)
}

// statusCursor walks the sequence numbers of a packet and turns them into
// chunks.
type statusCursor struct {
	arrivals []TransportArrival
	base     uint16
	count    int
	position int   // the next sequence number, from base
	arrival  int   // the next arrival
	previous int64 // ticks of the arrival before that
	deltas   int   // bytes that the deltas of what was passed take
}

// symbol returns the symbol at the cursor and moves on.
func (c *statusCursor) symbol() int {
	at := c.base + uint16(c.position)
	c.position++
	if c.arrival == len(c.arrivals) || c.arrivals[c.arrival].Sequence != at {
		return symbolMissing
	}
	now := c.arrivals[c.arrival].Ticks
	d := now - c.previous
	c.previous = now
	c.arrival++
	if d >= 0 && d <= math.MaxUint8 {
		c.deltas++
		return symbolSmall
	}
	c.deltas += 2
	return symbolLarge
}

// shorten lowers the count so that the deltas from the cursor on take at most
// room bytes; false if there is no room for the next sequence number.
func (c *statusCursor) shorten(room int) bool {
	at := *c
	for next := at; next.position < c.count; at = next {
		if next.symbol(); next.deltas > room {
			break
		}
	}
	c.count = at.position
	return c.count > c.position
}

// chunk returns the chunk at the cursor, the one that covers most, and moves to
// its end.
func (c *statusCursor) chunk() uint16 {
	// The symbols of a vector: two bits each, so half as many, if one is large.
	// The leading ones that are equal could be a run.
	ahead, capacity, n, run, first := *c, oneBitSymbols, 0, 0, 0
	for n < capacity && ahead.position < ahead.count {
		s := ahead.symbol()
		if n == 0 {
			first = s
		}
		if run == n && s == first {
			run++
		}
		if s == symbolLarge {
			capacity = twoBitSymbols
		}
		n++
	}
	if n = min(n, capacity); run < n {
		return c.vector(n, capacity)
	}
	if run == ahead.position-c.position {
		run += ahead.extend(first, maxRun-run)
		*c = ahead
	} else {
		for range run {
			c.symbol()
		}
	}
	return uint16(first)<<runSymbolShift | uint16(run)
}

// vector returns the status vector chunk of the next n packets.
func (c *statusCursor) vector(n, capacity int) uint16 {
	value, bits := uint16(vectorChunk), 1
	if capacity == twoBitSymbols {
		value, bits = vectorChunk|twoBitChunk, 2
	}
	for i := range n {
		value |= uint16(c.symbol()) << (oneBitSymbols - bits*(i+1))
	}
	return value
}

// extend moves over further symbols like first, limit at most, and returns how
// many.
func (c *statusCursor) extend(first, limit int) int {
	if first == symbolMissing {
		n := c.count - c.position
		if c.arrival < len(c.arrivals) {
			n = min(n, int(c.arrivals[c.arrival].Sequence-c.base)-c.position)
		}
		n = min(n, limit)
		c.position += n
		return n
	}
	for n := range limit {
		next := *c
		if next.position == next.count || next.symbol() != first {
			return n
		}
		*c = next
	}
	return limit
}

// Parse reads p.
func (f *TransportFeedback) Parse(p Packet) error {
	if !p.Is(KindTransport) {
		return ErrKind
	}
	b := p.Body
	if len(b) < transportHeaderSize {
		return ErrMalformed
	}
	base, count := get16(b[8:]), int(get16(b[10:]))
	chunks := b[transportHeaderSize:]
	size, deltas, ok := measureChunks(chunks, count)
	if count == 0 || !ok || size+deltas > len(chunks) {
		return ErrMalformed
	}
	f.Sender, f.Media = get32(b), get32(b[4:])
	f.Base, f.Count, f.Number = base, uint16(count), b[15]
	// The reference time is signed.
	reference := int64(int32(get24(b[12:])<<signExtension24) >> signExtension24)
	f.readArrivals(chunks[:size], chunks[size:], reference<<referenceShift)
	return nil
}

// readArrivals fills Arrivals from chunks and deltas that measureChunks has
// found whole.
func (f *TransportFeedback) readArrivals(chunks, deltas []byte, now int64) {
	f.Arrivals = f.Arrivals[:0]
	for position := 0; position < int(f.Count); chunks = chunks[2:] {
		c := get16(chunks)
		n := min(chunkLength(c), int(f.Count)-position)
		if c&vectorChunk == 0 && c>>runSymbolShift == symbolMissing {
			position += n
			continue
		}
		for i := range n {
			switch chunkSymbol(c, i) {
			case symbolSmall:
				now += int64(deltas[0])
				deltas = deltas[1:]
			case symbolLarge:
				now += int64(int16(get16(deltas)))
				deltas = deltas[2:]
			default:
				continue
			}
			f.Arrivals = append(f.Arrivals, TransportArrival{Sequence: f.Base + uint16(position+i), Ticks: now})
		}
		position += n
	}
}

// measureChunks returns how many bytes the chunks of count packets take, and
// their deltas; false if they end before, or have the symbol that is reserved.
func measureChunks(b []byte, count int) (size, deltas int, ok bool) {
	for count > 0 {
		if len(b) < size+2 {
			return 0, 0, false
		}
		c := get16(b[size:])
		size += 2
		n := min(chunkLength(c), count)
		count -= n
		if c&vectorChunk == 0 {
			s := int(c >> runSymbolShift)
			if s > symbolLarge || n == 0 {
				return 0, 0, false
			}
			deltas += n * s // a byte for small ones, two for large ones
			continue
		}
		for i := range n {
			s := chunkSymbol(c, i)
			if s > symbolLarge {
				return 0, 0, false
			}
			deltas += s
		}
	}
	return size, deltas, true
}

// chunkLength returns how many packets the chunk c speaks of.
func chunkLength(c uint16) int {
	switch {
	case c&vectorChunk == 0:
		return int(c & maxRun)
	case c&twoBitChunk == 0:
		return oneBitSymbols
	}
	return twoBitSymbols
}

// chunkSymbol returns symbol i of the chunk c.
func chunkSymbol(c uint16, i int) int {
	switch {
	case c&vectorChunk == 0:
		return int(c >> runSymbolShift)
	case c&twoBitChunk == 0:
		return int(c>>(oneBitSymbols-1-i)) & 1
	}
	return int(c>>(2*(twoBitSymbols-1-i))) & 3
}
