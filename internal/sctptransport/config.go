package sctptransport

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"
)

const (
	// DefaultReceiveBuffer is the receive window that is advertised unless the
	// configuration says otherwise. Below 4 MiB the engine stalls between the
	// program's reads.
	DefaultReceiveBuffer = 4 << 20
	// DefaultMTU is the size of the largest SCTP packet, chosen so that it fits
	// a DTLS record in a UDP datagram of 1200 bytes and in every known path
	// (RFC 8261 §5).
	DefaultMTU = 1160
	// DefaultRTOMax bounds the retransmission timeout, so that an association
	// carries on at most that long after the path has come back. RFC 9260 §16
	// suggests a minute, which is meant for another world than this one.
	DefaultRTOMax = 3 * time.Second
)

// Config says how an association is run.
type Config struct {
	// Conn carries the packets, one to a Read and one to a Write. The
	// association owns it and closes it; Close has to end a blocked Read.
	Conn net.Conn
	// MaxMessageSize is the largest message that will be received, the
	// max-message-size of the local description (RFC 8841 §6). Zero means that
	// there is no limit but the receive buffer.
	MaxMessageSize uint32
	// ReceiveBuffer is the receive window in bytes. Zero means
	// DefaultReceiveBuffer; it is never less than twice MaxMessageSize.
	ReceiveBuffer uint32
	// MTU is the size of the largest SCTP packet in bytes. Zero means DefaultMTU.
	MTU uint32
	// RTOMax bounds the retransmission timeout. Zero means DefaultRTOMax.
	RTOMax time.Duration
	// ZeroChecksum offers to leave out the checksum that DTLS makes
	// superfluous (RFC 9653).
	ZeroChecksum bool
	// Interleaving offers to interleave the fragments of messages of different
	// streams (RFC 8260). It is off by default because a peer that begins more
	// messages at once than the receive buffer can hold stalls the association.
	Interleaving bool
	// MinCwnd is the least congestion window, FastRtxWnd what one fast
	// retransmission sends at most, CwndCAStep the growth of the window in a
	// round trip of congestion avoidance, all in bytes. Zero leaves the engine's
	// own.
	MinCwnd, FastRtxWnd, CwndCAStep uint32
	// LocalInit and RemoteInit are the INIT chunks that the two ends have exchanged
	// otherwise, in their descriptions: ours as NewInit made it, and the peer's, which
	// has to be a good one, in bytes. With both, the association is up without a handshake;
	// without one of them, neither counts.
	LocalInit, RemoteInit string
	// Logger receives what the engine has to say. Nil discards it.
	Logger *slog.Logger
}

// withDefaults returns c with its zero values filled in, or an error that says
// which value cannot be used.
func (c Config) withDefaults() (Config, error) {
	if c.Conn == nil {
		return c, errors.New("sctptransport: no connection is given")
	}
	c, err := c.sized()
	if err != nil {
		return c, err
	}
	if c.MTU == 0 {
		c.MTU = DefaultMTU
	}
	if c.MTU < 576 || c.MTU > 65535 {
		return c, fmt.Errorf("sctptransport: MTU is %d, it has to be between 576 and 65535", c.MTU)
	}
	if c.RTOMax < 0 {
		return c, fmt.Errorf("sctptransport: RTOMax is %v, it cannot be negative", c.RTOMax)
	}
	if c.RTOMax == 0 {
		c.RTOMax = DefaultRTOMax
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c, nil
}

// sized returns c with the receive buffer that it means, or an error that says why
// there is none.
func (c Config) sized() (Config, error) {
	if c.ReceiveBuffer == 0 {
		c.ReceiveBuffer = DefaultReceiveBuffer
	}
	// The engine hands over whole messages only: one that does not fit the
	// buffer is never handed over, and nothing that follows it either.
	if twice := 2 * uint64(c.MaxMessageSize); twice > uint64(c.ReceiveBuffer) {
		if twice > 1<<31 {
			return c, fmt.Errorf("sctptransport: MaxMessageSize is %d, at most %d can be received", c.MaxMessageSize, 1<<30)
		}
		c.ReceiveBuffer = uint32(twice)
	}
	return c, nil
}
