package ice

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"slices"
	"sync/atomic"

	"github.com/pion/stun/v4"
)

const (
	// channelHeader is the header of a ChannelData message: number and length
	// (RFC 8656 §12.4).
	channelHeader = 4
	// sendOverhead is the most that a Send indication adds to a packet: header,
	// XOR-PEER-ADDRESS of IPv6, the header of DATA and its padding.
	sendOverhead = stunHeader + attributeHeader + 20 + attributeHeader + 3
)

var (
	typeSend = stun.MessageType{Method: stun.MethodSend, Class: stun.ClassIndication}.Value()
	typeData = stun.MessageType{Method: stun.MethodData, Class: stun.ClassIndication}.Value()
)

// A relayView is what the packet path knows of an allocation. The client writes
// it, any goroutine reads it.
type relayView struct {
	table atomic.Pointer[relayTable]
	// farewell is the request that releases the allocation; nil while there is
	// none.
	farewell atomic.Pointer[[]byte]
	// writes counts the calls that sent packets to peers.
	writes atomic.Uint64
}

// A relayTable is never changed once it is published.
type relayTable struct {
	permitted []netip.Addr
	channels  []relayChannel // by channel number
}

type relayChannel struct {
	peer  netip.AddrPort
	bound bool
}

func (v *relayView) publish(permissions []turnPermission, channels []turnChannel) {
	t := &relayTable{}
	for _, p := range permissions {
		t.permitted = append(t.permitted, p.ip)
	}
	for _, b := range channels {
		t.channels = append(t.channels, relayChannel{b.peer, b.bound})
	}
	v.table.Store(t)
}

// channel returns the number of the channel to peer, and whether it may be used
// yet; 0 if none was asked for.
func (t *relayTable) channel(peer netip.AddrPort) (number uint16, bound bool) {
	for i := range t.channels {
		if t.channels[i].peer == peer {
			return firstTURNChannel + uint16(i), t.channels[i].bound
		}
	}
	return 0, false
}

// peer returns whom a channel belongs to. A server may use it as soon as it has
// been asked for.
func (t *relayTable) peer(number uint16) (netip.AddrPort, bool) {
	i := int(number) - firstTURNChannel
	if i < 0 || i >= len(t.channels) {
		return netip.AddrPort{}, false
	}
	return t.channels[i].peer, true
}

func (t *relayTable) permits(ip netip.Addr) bool { return slices.Contains(t.permitted, ip) }

// appendChannelData appends a ChannelData message. On a stream it is padded to
// four bytes, and its length does not count the padding (RFC 8656 §12.5).
func appendChannelData(b []byte, number uint16, data []byte, pad bool) []byte {
	b = append(b, byte(number>>8), byte(number), byte(len(data)>>8), byte(len(data)))
	b = append(b, data...)
	if pad {
		b = appendPadding(b, len(data))
	}
	return b
}

func appendPadding(b []byte, n int) []byte {
	for ; n%4 != 0; n++ {
		b = append(b, 0)
	}
	return b
}

// appendSend appends a Send indication (RFC 8656 §11.1). Its transaction ID has
// no response to guard.
func appendSend(b []byte, peer netip.AddrPort, data []byte) []byte {
	var id transactionID
	binary.BigEndian.PutUint64(id[:], rand.Uint64())
	binary.BigEndian.PutUint32(id[8:], rand.Uint32())
	start, addr := len(b), uint16(8)
	if peer.Addr().Is6() {
		addr = 20
	}
	b = binary.BigEndian.AppendUint16(b, typeSend)
	b = binary.BigEndian.AppendUint16(b, 0)
	b = binary.BigEndian.AppendUint32(b, magicCookie)
	b = append(b, id[:]...)
	b = binary.BigEndian.AppendUint16(b, uint16(stun.AttrXORPeerAddress))
	b = binary.BigEndian.AppendUint16(b, addr)
	b = appendXORAddress(b, peer, &id)
	b = binary.BigEndian.AppendUint16(b, uint16(stun.AttrData))
	b = binary.BigEndian.AppendUint16(b, uint16(len(data)))
	b = appendPadding(append(b, data...), len(data))
	binary.BigEndian.PutUint16(b[start+2:], uint16(len(b)-start-stunHeader))
	return b
}

// isChannelData reports whether a message from the server is ChannelData: its
// first byte is 64 to 79 (RFC 8656 §12.4).
func isChannelData(p []byte) bool { return len(p) >= channelHeader && p[0]&0xf0 == 0x40 }

// isDataIndication reports whether it carries a packet in a Data indication.
func isDataIndication(p []byte) bool {
	return len(p) >= stunHeader && binary.BigEndian.Uint16(p) == typeData && binary.BigEndian.Uint32(p[4:]) == magicCookie
}

// readChannelData takes a ChannelData message apart; padding may follow the data
// (RFC 8656 §12.5).
func readChannelData(p []byte) (number uint16, data []byte, ok bool) {
	n := int(binary.BigEndian.Uint16(p[2:]))
	if n > len(p)-channelHeader {
		return 0, nil, false
	}
	return binary.BigEndian.Uint16(p), p[channelHeader : channelHeader+n], true
}

// readDataIndication takes a Data indication apart (RFC 8656 §11.4): both
// attributes have to be there, and what needs comprehension is for others.
func readDataIndication(p []byte) (peer netip.AddrPort, data []byte, ok bool) {
	if len(p)%4 != 0 || int(binary.BigEndian.Uint16(p[2:])) != len(p)-stunHeader {
		return peer, nil, false
	}
	id := transactionID(p[8:20])
	for at := stunHeader; at+attributeHeader <= len(p); {
		typ, n := stun.AttrType(binary.BigEndian.Uint16(p[at:])), int(binary.BigEndian.Uint16(p[at+2:]))
		end := at + attributeHeader + n
		if end > len(p) {
			return peer, nil, false
		}
		value := p[at+attributeHeader : end]
		switch {
		case typ == stun.AttrXORPeerAddress && !peer.IsValid():
			peer = readXORAddress(value, &id)
		case typ == stun.AttrData && data == nil:
			data = value
		}
		at = (end + 3) &^ 3
	}
	return peer, data, data != nil && usable(peer)
}
