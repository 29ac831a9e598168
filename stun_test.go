package webrtc

import (
	"net"
	"net/netip"

	"github.com/pion/stun/v4"

	"github.com/parleyrtc/webrtc/internal/simnet"
	"github.com/parleyrtc/webrtc/internal/udp"
)

// stun runs a STUN server on a host of its own (RFC 8489 §12).
func (w *world) stun(name, address string) {
	w.Helper()
	host := w.net.Host(name, simnet.Addrs(address))
	w.net.DNS(name, address)
	conn, err := host.ListenUDP(netip.AddrPortFrom(netip.MustParseAddr(address), 3478))
	if err != nil {
		w.Fatal(err)
	}
	go func() {
		batch := []udp.Datagram{{Buf: make([]byte, 1500)}}
		for {
			n, err := conn.ReadBatch(batch)
			if err != nil {
				return
			}
			for _, d := range batch[:n] {
				answerBinding(conn, d)
			}
		}
	}()
}

func answerBinding(conn udp.Conn, d udp.Datagram) {
	request := &stun.Message{Raw: append([]byte(nil), d.Buf[:d.N]...)}
	if request.Decode() != nil || request.Type != stun.BindingRequest {
		return
	}
	response, err := stun.Build(request, stun.BindingSuccess,
		&stun.XORMappedAddress{IP: net.IP(d.Addr.Addr().AsSlice()), Port: int(d.Addr.Port())}, stun.Fingerprint)
	if err == nil {
		_, _ = conn.WriteBatch([]udp.Datagram{{Buf: response.Raw, N: len(response.Raw), Addr: d.Addr}})
	}
}
