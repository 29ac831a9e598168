package feedback

import "time"

// CongestionFeedback tells of each packet of one or more streams whether, when
// and with which ECN marking it arrived (RFC 8888 §3.1).
type CongestionFeedback struct {
	Sender uint32
	// Timestamp is when the feedback was made, see [MiddleNTP].
	Timestamp uint32
	Reports   []CongestionReport

	metrics []Metric // backs the reports of Parse
}

// CongestionReport is about one stream. Metrics[i] is about the packet with
// sequence number Begin+i. After Parse they are valid until the next Parse.
type CongestionReport struct {
	SSRC    uint32
	Begin   uint16
	Metrics []Metric
}

// Metric is what became of one packet: a packet metric block as it is written.
// The zero value is a packet that has not arrived.
type Metric uint16

const (
	metricReceived    Metric = 1 << 15
	metricECNShift           = 13
	metricOffsetMask  Metric = 1<<13 - 1
	offsetTooLong            = 0x1FFE // arrived earlier than the field can say
	offsetUnknown            = 0x1FFF // arrived after the report's timestamp, or no time is known
	offsetPerSecond          = 1024
	reportHeader             = 8
	congestionTrailer        = 4

	// MaxMetrics is how many packets one report may speak of (RFC 8888 §3.1: "a
	// quarter of the sequence number space").
	MaxMetrics = 16384
)

// Arrived returns the metric of a packet that arrived the time before, as long
// before the timestamp of the feedback, with the marking ecn (the two bits of
// the IP header). The time is rounded to 1/1024 s.
func Arrived(before time.Duration, ecn uint8) Metric {
	m := metricReceived | Metric(ecn&3)<<metricECNShift
	switch units := (int64(before)*offsetPerSecond + int64(time.Second)/2) / int64(time.Second); {
	case before < 0:
		return m | offsetUnknown
	case before > 8*time.Second || units >= offsetTooLong:
		return m | offsetTooLong
	default:
		return m | Metric(units)
	}
}

// Received reports whether the packet has arrived.
func (m Metric) Received() bool { return m&metricReceived != 0 }

// ECN returns the two bits of the IP header that the packet arrived with.
func (m Metric) ECN() uint8 {
	if !m.Received() {
		return 0
	}
	return uint8(m>>metricECNShift) & 3
}

// Before returns how long before the feedback's timestamp the packet arrived;
// false if that is not known, or longer than about 8 seconds.
func (m Metric) Before() (time.Duration, bool) {
	offset := m & metricOffsetMask
	if !m.Received() || offset >= offsetTooLong {
		return 0, false
	}
	return time.Duration(offset) * time.Second / offsetPerSecond, true
}

// Append appends the packet to dst. It returns dst and [ErrRange] for a report
// with more than [MaxMetrics] packets, or if the whole is too long.
func (f *CongestionFeedback) Append(dst []byte) ([]byte, error) {
	size := headerSize + 4 + congestionTrailer
	for i := range f.Reports {
		if len(f.Reports[i].Metrics) > MaxMetrics {
			return dst, ErrRange
		}
		size += reportHeader + metricsSize(len(f.Reports[i].Metrics))
	}
	if size > 4<<16 {
		return dst, ErrRange
	}
	start := len(dst)
	dst = append32(open(dst, formatCongestion, TypeTransportFeedback), f.Sender)
	for i := range f.Reports {
		r := &f.Reports[i]
		dst = append32(dst, r.SSRC)
		dst = append16(append16(dst, r.Begin), uint16(len(r.Metrics)))
		for _, m := range r.Metrics {
			if !m.Received() {
				// RFC 8888 §3.1: the other fields are 0 if R is.
				m = 0
			}
			dst = append16(dst, uint16(m))
		}
		if len(r.Metrics)%2 != 0 {
			dst = append16(dst, 0)
		}
	}
	return closed(append32(dst, f.Timestamp), start), nil
}

// metricsSize returns how many bytes n metrics take, padded to whole words.
func metricsSize(n int) int { return 2 * (n + n%2) }

// Parse reads p.
func (f *CongestionFeedback) Parse(p Packet) error {
	if !p.Is(KindCongestion) {
		return ErrKind
	}
	if len(p.Body) < 4+congestionTrailer {
		return ErrMalformed
	}
	end := len(p.Body) - congestionTrailer
	for b := p.Body[4:end]; len(b) > 0; {
		if len(b) < reportHeader || int(get16(b[6:])) > MaxMetrics || len(b) < reportHeader+metricsSize(int(get16(b[6:]))) {
			return ErrMalformed
		}
		b = b[reportHeader+metricsSize(int(get16(b[6:]))):]
	}
	f.Sender, f.Timestamp = get32(p.Body), get32(p.Body[end:])
	f.Reports, f.metrics = f.Reports[:0], f.metrics[:0]
	// Metrics grow while they are read, so reports refer to them afterwards.
	for b := p.Body[4:end]; len(b) > 0; {
		// RFC 8888 §3.1 with erratum 8166: the range ends before
		// begin_seq+num_reports.
		n := int(get16(b[6:]))
		f.Reports = append(f.Reports, CongestionReport{SSRC: get32(b), Begin: get16(b[4:])})
		for i := range n {
			f.metrics = append(f.metrics, Metric(get16(b[reportHeader+2*i:])))
		}
		b = b[reportHeader+metricsSize(n):]
	}
	rest, b := f.metrics, p.Body[4:end]
	for i := range f.Reports {
		n := int(get16(b[6:]))
		f.Reports[i].Metrics, rest = rest[:n:n], rest[n:]
		b = b[reportHeader+metricsSize(n):]
	}
	return nil
}
