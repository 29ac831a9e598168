package extension

import (
	"encoding/binary"
	"time"
)

// AppendTransportCC appends the data of [TransportCC], which is that of
// [TransportCC2] without a request, too.
func AppendTransportCC(dst []byte, sequence uint16) []byte {
	return binary.BigEndian.AppendUint16(dst, sequence)
}

// ParseTransportCC reads the sequence number of [TransportCC] or
// [TransportCC2].
func ParseTransportCC(data []byte) (uint16, error) {
	if len(data) != 2 && len(data) != 4 {
		return 0, ErrMalformed
	}
	return binary.BigEndian.Uint16(data), nil
}

// FeedbackRequest asks in [TransportCC2] for feedback at once.
type FeedbackRequest struct {
	// Timing asks for arrival times.
	Timing bool
	// Count is how many packets feedback is wanted about, up to this one: at
	// most 32767. 0 stands for no request.
	Count uint16
}

// AppendTransportCC2 appends the data of [TransportCC2] with a request.
func AppendTransportCC2(dst []byte, sequence uint16, r FeedbackRequest) []byte {
	v := r.Count & 0x7fff
	if r.Timing {
		v |= 0x8000
	}
	return binary.BigEndian.AppendUint16(AppendTransportCC(dst, sequence), v)
}

// ParseFeedbackRequest reads the request in the data of [TransportCC2]. Where
// there is none, all of it is zero.
func ParseFeedbackRequest(data []byte) (FeedbackRequest, error) {
	switch len(data) {
	case 2:
		return FeedbackRequest{}, nil
	case 4:
		v := binary.BigEndian.Uint16(data[2:])
		return FeedbackRequest{Timing: v&0x8000 != 0, Count: v & 0x7fff}, nil
	}
	return FeedbackRequest{}, ErrMalformed
}

// SendTime is the data of [AbsSendTime]: seconds with 18 bits of fraction, 24
// bits in all, so that it wraps every 64 seconds.
type SendTime uint32

const (
	sendTimeSize     = 3
	sendTimeFraction = 18
	sendTimePeriod   = 64 * time.Second
)

// SendTimeAt returns t as a SendTime, rounded down.
func SendTimeAt(t time.Time) SendTime {
	// The epoch of NTP is a whole number of periods away from Unix's.
	seconds := uint64(t.Unix()) & 63
	fraction := uint64(t.Nanosecond()) << sendTimeFraction / uint64(time.Second)
	return SendTime(seconds<<sendTimeFraction | fraction)
}

// Near returns the instant nearest to t that s may stand for, less than 32
// seconds away.
func (s SendTime) Near(t time.Time) time.Time {
	at := time.Duration(uint64(s&(1<<24-1)) * uint64(time.Second) >> sendTimeFraction)
	d := at - time.Duration(t.Unix()&63)*time.Second - time.Duration(t.Nanosecond())
	switch {
	case d >= sendTimePeriod/2:
		d -= sendTimePeriod
	case d < -sendTimePeriod/2:
		d += sendTimePeriod
	}
	return t.Add(d)
}

// Append appends the data of [AbsSendTime].
func (s SendTime) Append(dst []byte) []byte {
	return append(dst, uint8(s>>16), uint8(s>>8), uint8(s))
}

// ParseSendTime reads the data of [AbsSendTime].
func ParseSendTime(data []byte) (SendTime, error) {
	if len(data) != sendTimeSize {
		return 0, ErrMalformed
	}
	return SendTime(data[0])<<16 | SendTime(data[1])<<8 | SendTime(data[2]), nil
}
