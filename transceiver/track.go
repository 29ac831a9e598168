package transceiver

import (
	"time"

	"github.com/parleyrtc/webrtc/internal/codec"
	"github.com/parleyrtc/webrtc/transceiver/rtpheader"
)

// Packet is an RTP packet of a track.
type Packet struct {
	Header rtpheader.Header
	// Payload is the packet's payload without padding, Raw the whole packet. They
	// share their bytes.
	Payload, Raw []byte
	// Arrival is when the packet came.
	Arrival time.Time
	// ECN is the ECN field that it came with (RFC 3168 §5).
	ECN uint8
	// Recovered says that the packet itself was late or lost: it is made of a
	// retransmission or of redundant data.
	Recovered bool
}

// PacketInfo tells of a packet what its bytes do not.
type PacketInfo struct {
	// Arrival is when the packet came.
	Arrival time.Time
	// ECN is the ECN field that it came with (RFC 3168 §5).
	ECN uint8
	// Recovered says that the packet itself was late or lost: it is made of a
	// retransmission or of redundant data.
	Recovered bool
}

// A Track is the core of a TrackRemote: the packets of one encoding that a
// receiver gets, each once. Its SSRC and its codec may change under it. Its
// methods may be called from any goroutine.
type Track struct{}

// Receiver returns the receiver that the track belongs to.
func (t *Track) Receiver() *Receiver { return nil }

// RID returns the identifier of the track's encoding, empty for the main track.
func (t *Track) RID() string { return "" }

// SSRC returns the source that the track's packets come from now, 0 if none has
// come.
func (t *Track) SSRC() uint32 { return 0 }

// RTXSSRC returns the source of the track's retransmissions, 0 if it is not known.
func (t *Track) RTXSSRC() uint32 { return 0 }

// PayloadType returns the payload type of the newest packet.
func (t *Track) PayloadType() uint8 { return 0 }

// Codec returns the codec of the newest packet that carried media; the zero value
// if none has come.
func (t *Track) Codec() codec.Codec { return codec.Codec{} }

// Read waits for a packet and copies it to b. The error is io.ErrShortBuffer if b
// is too short, and the packet stays; os.ErrDeadlineExceeded after the deadline;
// and what Close was given when the track is closed.
func (t *Track) Read(b []byte) (n int, m PacketInfo, err error) { return 0, m, nil }

// ReadPacket is Read into a Packet, whose bytes are in b.
func (t *Track) ReadPacket(b []byte, p *Packet) error { return nil }

// SetReadDeadline bounds present and future reads; the zero time lifts the bound.
func (t *Track) SetReadDeadline(deadline time.Time) {}

// OnPacket gives the packets of the track to f, as they come and one at a time,
// instead of keeping them for Read: on the goroutine that called HandleRTP. f must
// not block; the packet and its bytes are lent until it returns. What waits to be
// read is given to f first, before OnPacket returns. With nil, packets wait
// for Read again; a call of the former handler may still be running.
func (t *Track) OnPacket(f func(p *Packet)) {}

// SetOrdered makes Read return packets in the order of their sequence numbers, and
// wait at most limit for one that is missing. With 0 they are read as they arrive.
func (t *Track) SetOrdered(limit time.Duration) {}

// Close ends the track: what waits to be read is dropped, and reads return err,
// io.EOF if it is nil. The push handler is not called any more, but may still be
// running.
func (t *Track) Close(err error) {}
