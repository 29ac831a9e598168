package feedback

// ReportBlock tells how one source is received (RFC 3550 §6.4.1).
type ReportBlock struct {
	SSRC uint32
	// FractionLost is the loss since the last report, in 1/256.
	FractionLost uint8
	// TotalLost is the loss since the beginning, negative where more arrived
	// than was sent. It is clamped to 24 bits when written.
	TotalLost int32
	// HighestSequence is the highest sequence number received, extended by the
	// count of its cycles.
	HighestSequence uint32
	// Jitter is in units of the RTP timestamp.
	Jitter uint32
	// LastReport is LSR: the middle NTP bits of the last sender report, 0 for
	// none; Delay is DLSR, the time since then in 1/65536 s.
	LastReport, Delay uint32
}

const (
	reportBlockSize  = 24
	senderInfoSize   = 20
	maxTotalLost     = 1<<23 - 1
	minTotalLost     = -1 << 23
	signExtension24  = 8
	reportHeaderSize = 4
)

// SenderReport is an SR (RFC 3550 §6.4.1).
type SenderReport struct {
	SSRC uint32
	// NTP is the time of the report, see [NTP]; RTPTime is the same instant on
	// the clock of the stream.
	NTP     uint64
	RTPTime uint32
	// Packets and Octets count what was sent since the stream began; octets are
	// those of payloads.
	Packets, Octets uint32
	Reports         []ReportBlock
}

// ReceiverReport is an RR (RFC 3550 §6.4.2).
type ReceiverReport struct {
	SSRC    uint32
	Reports []ReportBlock
}

// Append appends the report to dst. Reports beyond the 31st go into receiver
// reports behind it.
func (r *SenderReport) Append(dst []byte) []byte {
	start := len(dst)
	n := min(len(r.Reports), maxCount)
	dst = open(dst, uint8(n), TypeSenderReport)
	dst = append32(dst, r.SSRC)
	dst = append64(dst, r.NTP)
	dst = append32(dst, r.RTPTime)
	dst = append32(dst, r.Packets)
	dst = append32(dst, r.Octets)
	dst = closed(appendReports(dst, r.Reports[:n]), start)
	if n == len(r.Reports) {
		return dst
	}
	// RFC 3550 §6.4.1: "If more than 31 sources are reported … additional RR
	// packets SHOULD follow the initial SR".
	more := ReceiverReport{SSRC: r.SSRC, Reports: r.Reports[n:]}
	return more.Append(dst)
}

// Append appends the report to dst: as many packets as its blocks need, and one
// if it has none.
func (r *ReceiverReport) Append(dst []byte) []byte {
	rest := r.Reports
	for {
		start := len(dst)
		n := min(len(rest), maxCount)
		dst = append32(open(dst, uint8(n), TypeReceiverReport), r.SSRC)
		dst = closed(appendReports(dst, rest[:n]), start)
		if rest = rest[n:]; len(rest) == 0 {
			return dst
		}
	}
}

func appendReports(dst []byte, reports []ReportBlock) []byte {
	for i := range reports {
		b := &reports[i]
		dst = append32(dst, b.SSRC)
		dst = append(dst, b.FractionLost)
		dst = append24(dst, uint32(max(minTotalLost, min(b.TotalLost, maxTotalLost))))
		dst = append32(dst, b.HighestSequence)
		dst = append32(dst, b.Jitter)
		dst = append32(dst, b.LastReport)
		dst = append32(dst, b.Delay)
	}
	return dst
}

// Parse reads p. Profile-specific extensions behind the report blocks are
// passed over.
func (r *SenderReport) Parse(p Packet) error {
	if p.Type != TypeSenderReport {
		return ErrKind
	}
	b := p.Body
	if len(b) < reportHeaderSize+senderInfoSize+int(p.Count)*reportBlockSize {
		return ErrMalformed
	}
	r.SSRC, r.NTP, r.RTPTime = get32(b), get64(b[4:]), get32(b[12:])
	r.Packets, r.Octets = get32(b[16:]), get32(b[20:])
	r.Reports = parseReports(r.Reports[:0], b[reportHeaderSize+senderInfoSize:], int(p.Count))
	return nil
}

// Parse reads p. Profile-specific extensions behind the report blocks are
// passed over.
func (r *ReceiverReport) Parse(p Packet) error {
	if p.Type != TypeReceiverReport {
		return ErrKind
	}
	b := p.Body
	if len(b) < reportHeaderSize+int(p.Count)*reportBlockSize {
		return ErrMalformed
	}
	r.SSRC = get32(b)
	r.Reports = parseReports(r.Reports[:0], b[reportHeaderSize:], int(p.Count))
	return nil
}

func parseReports(dst []ReportBlock, b []byte, n int) []ReportBlock {
	for ; n > 0; n-- {
		dst = append(dst, ReportBlock{
			SSRC:            get32(b),
			FractionLost:    b[4],
			TotalLost:       int32(get24(b[5:])<<signExtension24) >> signExtension24,
			HighestSequence: get32(b[8:]),
			Jitter:          get32(b[12:]),
			LastReport:      get32(b[16:]),
			Delay:           get32(b[20:]),
		})
		b = b[reportBlockSize:]
	}
	return dst
}
