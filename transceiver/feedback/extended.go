package feedback

// ExtendedReport is an XR packet (RFC 3611) with the two blocks that let a
// receiver that sends no media measure the round-trip time.
type ExtendedReport struct {
	Sender uint32
	// ReferenceTime is the receiver reference time report block (§4.4): the
	// sender's clock, see [NTP]; 0 for none.
	ReferenceTime uint64
	// Delays are the DLRR report block (§4.5), which answers reference times.
	Delays []ReceiverDelay
}

// ReceiverDelay tells a receiver how long ago its reference time arrived.
type ReceiverDelay struct {
	// SSRC is the receiver's.
	SSRC uint32
	// LastReference is LRR: the middle NTP bits of its last reference time, 0 for
	// none; Delay is DLRR, the time since then in 1/65536 s.
	LastReference, Delay uint32
}

const (
	blockReferenceTime uint8 = 4
	blockDelays        uint8 = 5
	blockHeaderSize          = 4
	referenceTimeSize        = 8
	receiverDelaySize        = 12
)

// Append appends the packet to dst, nothing if there is neither a reference
// time nor a delay.
func (x *ExtendedReport) Append(dst []byte) []byte {
	if x.ReferenceTime == 0 && len(x.Delays) == 0 {
		return dst
	}
	start := len(dst)
	dst = append32(open(dst, 0, TypeExtendedReport), x.Sender)
	if x.ReferenceTime != 0 {
		dst = append(dst, blockReferenceTime, 0, 0, referenceTimeSize/4)
		dst = append64(dst, x.ReferenceTime)
	}
	if len(x.Delays) > 0 {
		dst = append(dst, blockDelays, 0)
		dst = append16(dst, uint16(len(x.Delays)*receiverDelaySize/4))
		for _, d := range x.Delays {
			dst = append32(append32(append32(dst, d.SSRC), d.LastReference), d.Delay)
		}
	}
	return closed(dst, start)
}

// Parse reads p. Blocks of other types are passed over.
func (x *ExtendedReport) Parse(p Packet) error {
	if p.Type != TypeExtendedReport {
		return ErrKind
	}
	if len(p.Body) < 4 || !checkBlocks(p.Body[4:]) {
		return ErrMalformed
	}
	x.Sender, x.ReferenceTime, x.Delays = get32(p.Body), 0, x.Delays[:0]
	for b := p.Body[4:]; len(b) > 0; {
		blockType, content, rest := nextBlock(b)
		switch blockType {
		case blockReferenceTime:
			x.ReferenceTime = get64(content)
		case blockDelays:
			for ; len(content) > 0; content = content[receiverDelaySize:] {
				x.Delays = append(x.Delays, ReceiverDelay{SSRC: get32(content), LastReference: get32(content[4:]), Delay: get32(content[8:])})
			}
		}
		b = rest
	}
	return nil
}

// checkBlocks reports whether b is whole report blocks, and those that Parse
// reads are of their sizes.
func checkBlocks(b []byte) bool {
	for len(b) > 0 {
		if len(b) < blockHeaderSize || len(b) < blockHeaderSize+4*int(get16(b[2:])) {
			return false
		}
		blockType, content, rest := nextBlock(b)
		if blockType == blockReferenceTime && len(content) != referenceTimeSize || blockType == blockDelays && len(content)%receiverDelaySize != 0 {
			return false
		}
		b = rest
	}
	return true
}

// nextBlock splits the first report block off b, which holds all of it.
func nextBlock(b []byte) (blockType uint8, content, rest []byte) {
	end := blockHeaderSize + 4*int(get16(b[2:]))
	return b[0], b[blockHeaderSize:end], b[end:]
}
