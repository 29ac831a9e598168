package turnserver

import (
	"encoding/binary"
	"net"
	"net/netip"

	"github.com/pion/logging"
	"github.com/pion/stun/v4"
)

// A Message is one that passed between the server and a client.
type Message struct {
	Client netip.AddrPort
	// Sent tells what the server has sent from what it was sent.
	Sent bool
	// Type is that of a STUN message; zero for channel data.
	Type stun.MessageType
	// Payload is what is relayed, lent until the observer returns.
	Payload []byte
	// Peer is the other side of what is relayed, or for which a permission is asked;
	// Relayed is the address that the client is given. Where the message has none
	// they are zero.
	Peer, Relayed netip.AddrPort
	// Mapped is the address that the client is told to be its own.
	Mapped netip.AddrPort
	// ErrorCode is that of an error response (RFC 8489 §14.8), else 0.
	ErrorCode int
}

// observed is a socket that tells of the messages that pass.
type observed struct {
	net.PacketConn
	observer func(Message)
}

// ReadFrom reads a datagram and tells what it is.
func (c *observed) ReadFrom(p []byte) (int, net.Addr, error) {
	n, from, err := c.PacketConn.ReadFrom(p)
	if err == nil {
		c.tell(p[:n], from, false)
	}
	return n, from, err
}

// WriteTo tells what a datagram is and sends it.
func (c *observed) WriteTo(p []byte, to net.Addr) (int, error) {
	c.tell(p, to, true)
	return c.PacketConn.WriteTo(p, to)
}

func (c *observed) tell(p []byte, client net.Addr, sent bool) {
	m := Message{Client: addrPort(client), Sent: sent}
	if len(p) >= 4 && p[0]&0xc0 == 0x40 { // RFC 8656 §12: channels begin with 0x40
		m.Payload = p[4:min(len(p), 4+int(binary.BigEndian.Uint16(p[2:])))]
		c.observer(m)
		return
	}
	if !stun.IsMessage(p) {
		return
	}
	raw := stun.Message{Raw: p}
	if raw.Decode() != nil {
		return
	}
	m.Type = raw.Type
	m.Payload, _ = raw.Get(stun.AttrData) // nothing without the attribute
	for attribute, field := range map[stun.AttrType]*netip.AddrPort{
		stun.AttrXORMappedAddress:  &m.Mapped,
		stun.AttrXORRelayedAddress: &m.Relayed,
		stun.AttrXORPeerAddress:    &m.Peer,
	} {
		var a stun.XORMappedAddress
		if a.GetFromAs(&raw, attribute) == nil {
			ip, _ := netip.AddrFromSlice(a.IP)
			*field = netip.AddrPortFrom(ip.Unmap(), uint16(a.Port))
		}
	}
	var code stun.ErrorCodeAttribute
	if code.GetFrom(&raw) == nil {
		m.ErrorCode = int(code.Code)
	}
	c.observer(m)
}

func addrPort(a net.Addr) netip.AddrPort {
	if u, ok := a.(*net.UDPAddr); ok {
		p := u.AddrPort()
		return netip.AddrPortFrom(p.Addr().Unmap(), p.Port())
	}
	return netip.AddrPort{}
}

// silent makes loggers that say nothing.
type silent struct{}

// NewLogger returns a logger that says nothing.
func (silent) NewLogger(string) logging.LeveledLogger {
	return logging.NewDefaultLeveledLoggerForScope("", logging.LogLevelDisabled, nil)
}
