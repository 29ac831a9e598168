package rtpdump

import (
	"encoding/binary"
	"fmt"
	"math"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/parleyrtc/webrtc/pkg/media"
)

const (
	preamble   = "#!rtpplay1.0 "
	headerSize = 16
)

func malformed(format string, args ...any) error {
	return &media.FormatError{Format: "rtpdump", Offset: -1, Reason: fmt.Sprintf(format, args...)}
}

// A Header is that of a file.
type Header struct {
	// Start is when the recording began, to a microsecond. A file has times from
	// 1970 to 2106; the zero time stands for none, and is read as 1970.
	Start time.Time
	// Source is the address from which the packets came, and nil if unknown. The
	// binary header has room for IPv4 alone; others stand in the first line of
	// the file only.
	Source net.IP
	// Port is the UDP port.
	Port uint16
}

// Marshal returns the binary header: seconds, microseconds, address, port and two
// bytes of padding. A time that it can not hold is a *media.FormatError.
func (h Header) Marshal() ([]byte, error) {
	seconds, microseconds := h.Start.Unix(), h.Start.Nanosecond()/1000
	if h.Start.IsZero() {
		seconds = 0
	}
	if seconds < 0 || seconds > math.MaxUint32 {
		return nil, malformed("recording that began in %d", h.Start.Year())
	}
	b := make([]byte, headerSize)
	binary.BigEndian.PutUint32(b, uint32(seconds))
	binary.BigEndian.PutUint32(b[4:], uint32(microseconds))
	copy(b[8:12], h.Source.To4())
	binary.BigEndian.PutUint16(b[12:], h.Port)
	return b, nil
}

// Unmarshal reads a binary header. Less than 16 bytes are a *media.FormatError.
func (h *Header) Unmarshal(data []byte) error {
	if len(data) < headerSize {
		return malformed("header of %d bytes, want %d", len(data), headerSize)
	}
	seconds, microseconds := binary.BigEndian.Uint32(data), binary.BigEndian.Uint32(data[4:])
	*h = Header{
		Start:  time.Unix(int64(seconds), int64(microseconds)*1000).UTC(),
		Source: net.IPv4(data[8], data[9], data[10], data[11]),
		Port:   binary.BigEndian.Uint16(data[12:]),
	}
	return nil
}

// line is the first line of a file.
func (h Header) line() string {
	address := "0.0.0.0"
	if len(h.Source) > 0 {
		address = h.Source.String()
	}
	return preamble + address + "/" + strconv.Itoa(int(h.Port)) + "\n"
}

// complete takes the address from the first line, if the binary header has none.
func (h *Header) complete(line string) {
	address, _, _ := strings.Cut(strings.TrimPrefix(line, preamble), "/")
	if ip := net.ParseIP(address); ip != nil && h.Source.IsUnspecified() {
		h.Source = ip
	}
}
