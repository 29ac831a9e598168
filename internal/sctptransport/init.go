package sctptransport

import (
	"fmt"

	"github.com/pion/sctp"
)

// NewInit returns an INIT chunk (RFC 9260 §3.3.2) for Config.LocalInit, with a tag
// and a first TSN drawn at random. What c says of the receive buffer, of the
// checksum and of interleaving is in it, and has to be the same for Dial.
func NewInit(c Config) ([]byte, error) {
	c, err := c.sized()
	if err != nil {
		return nil, err
	}
	chunk, err := sctp.GenerateOutOfBandToken(
		sctp.WithMaxReceiveBufferSize(c.ReceiveBuffer),
		sctp.WithEnableZeroChecksum(c.ZeroChecksum),
		sctp.WithEnableInterleaving(c.Interleaving),
	)
	if err != nil {
		return nil, fmt.Errorf("sctptransport: no INIT chunk: %w", err)
	}
	return chunk, nil
}

// exchanged says whether the INIT chunks have been exchanged elsewhere, so that the
// association is up from the beginning (draft-hancke-tsvwg-snap-00 §6).
func (c Config) exchanged() bool { return c.LocalInit != "" && c.RemoteInit != "" }

// begin returns the options by which the engine begins an association that is up
// from the beginning, none for one that needs a handshake, and tells the connection.
func (c *conn) begin(config Config) []sctp.ClientOption {
	if !config.exchanged() {
		return nil
	}
	remote := chunk(config.RemoteInit)
	c.streams.Store(uint32(remote.streams()))
	c.window.Store(remote.credit())
	c.agreed = true // the first packet may bring data
	return []sctp.ClientOption{sctp.WithSNAP([]byte(config.LocalInit), remote)}
}
