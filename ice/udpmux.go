package ice

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"

	"github.com/pion/logging"

	"github.com/parleyrtc/webrtc/internal/mux"
	"github.com/parleyrtc/webrtc/internal/udp"
)

// A UDPMux is a UDP port, or several, that many connections share: SettingEngine's
// SetICEUDPMux in the root package. NewMultiUDPMuxFromPort opens one,
// NewUDPMuxDefault and NewUDPMux take sockets that the program has opened.
//
// Connections get what is for them on the goroutine that reads the socket, so that
// their number costs neither sockets nor goroutines. What a program does in push
// handlers, it does on that goroutine: it must not block there, nor close the
// connection.
//
// Two connections cannot have one and the same socket of a peer's on one port, as
// they would have between two ports that are both shared: their packets could not
// be told apart. The first keeps it. (UDPMuxCounters.Conflicts counts such cases.)
//
// The interface cannot be implemented elsewhere: what connections and a port have
// to tell each other is more than a net.PacketConn for each could.
type UDPMux interface {
	io.Closer
	// RemoveConnByUfrag has the connection with this local username fragment leave
	// the port.
	RemoveConnByUfrag(ufrag string)
	// GetListenAddresses returns the addresses that the sockets are bound to, as
	// *net.UDPAddr; of a socket that is bound to all addresses, those of the host's
	// interfaces.
	GetListenAddresses() []net.Addr

	ports() []*mux.Port
}

// UDPMuxParams is what NewUDPMuxDefault makes a mux of.
type UDPMuxParams struct {
	// Logger gets what is worth a note; nil discards it.
	Logger logging.LeveledLogger
	// UDPConn is the socket, which belongs to the mux from then on: options are to be
	// set before, and it is closed by the mux's Close alone. A *net.UDPConn is read and written in batches, unless it is bound to all addresses of both
	// IP versions.
	UDPConn net.PacketConn
	// UDPConnString names the socket in the log.
	UDPConnString string
	// OnUnhandledPacket, if not nil, gets what is for no connection. It runs on the
	// reading goroutine and must neither block nor keep data.
	OnUnhandledPacket func(data []byte, addr netip.AddrPort)
}

// UDPMuxDefault is a UDPMux of one local address.
type UDPMuxDefault struct {
	port *mux.Port // nil if it could not be made
	name string
}

// UDPMuxCounters counts what a UDPMux did not deliver, and what there is.
type UDPMuxCounters = mux.PortCounters

var _ UDPMux = (*UDPMuxDefault)(nil)

// NewUDPMuxDefault returns a mux on params.UDPConn and starts reading it. Without a
// socket, or with one that has no address, it is closed from the beginning.
func NewUDPMuxDefault(params UDPMuxParams) *UDPMuxDefault {
	m := &UDPMuxDefault{name: params.UDPConnString}
	conn, dual, err := udp.Wrap(params.UDPConn)
	if err != nil {
		if params.Logger != nil {
			params.Logger.Errorf("UDP mux %s: %v", params.UDPConnString, err)
		}
		return m
	}
	m.port = mux.NewPort([]udp.Conn{conn}, mux.PortConfig{Unhandled: params.OnUnhandledPacket, Dual: dual})
	return m
}

// NewUDPMux returns a mux on sockets that are bound to one address, at least one,
// and starts reading them. They belong to the mux from then on.
func NewUDPMux(conns ...PacketConn) *UDPMuxDefault {
	if len(conns) == 0 {
		return &UDPMuxDefault{}
	}
	return &UDPMuxDefault{port: mux.NewPort(slices.Clone(conns), mux.PortConfig{})}
}

// Close closes the socket. The connections that use it have no way out then.
func (m *UDPMuxDefault) Close() error {
	if m.port == nil {
		return nil
	}
	return m.port.Close()
}

// IsClosed reports whether the mux was closed.
func (m *UDPMuxDefault) IsClosed() bool { return m.port == nil || m.port.IsClosed() }

// LocalAddr returns the address that the socket is bound to, a *net.UDPAddr; nil if
// there is no socket.
func (m *UDPMuxDefault) LocalAddr() net.Addr {
	if m.port == nil {
		return nil
	}
	return net.UDPAddrFromAddrPort(m.port.LocalAddr())
}

// RemoveConnByUfrag implements UDPMux.
func (m *UDPMuxDefault) RemoveConnByUfrag(ufrag string) {
	if m.port != nil {
		m.port.RemoveUfrag(ufrag)
	}
}

// GetListenAddresses implements UDPMux.
func (m *UDPMuxDefault) GetListenAddresses() []net.Addr {
	if m.port == nil {
		return nil
	}
	local := m.port.LocalAddr()
	if !local.Addr().IsUnspecified() {
		return []net.Addr{net.UDPAddrFromAddrPort(local)}
	}
	interfaces, err := udp.System().Interfaces()
	if err != nil {
		return []net.Addr{net.UDPAddrFromAddrPort(local)}
	}
	var out []net.Addr
	for _, a := range (addressRules{loopback: true}).selectAddresses(interfaces) {
		if a.ip.Is4() == local.Addr().Is4() || m.port.Dual() {
			out = append(out, net.UDPAddrFromAddrPort(netip.AddrPortFrom(a.ip, local.Port())))
		}
	}
	return out
}

// Counters returns what was not delivered since the mux was made.
func (m *UDPMuxDefault) Counters() UDPMuxCounters {
	if m.port == nil {
		return UDPMuxCounters{}
	}
	return m.port.Counters()
}

func (m *UDPMuxDefault) ports() []*mux.Port {
	if m.port == nil {
		return nil
	}
	return []*mux.Port{m.port}
}

// MultiUDPMuxDefault is a UDPMux of several local addresses.
type MultiUDPMuxDefault struct{ muxes []UDPMux }

var _ UDPMux = (*MultiUDPMuxDefault)(nil)

// NewMultiUDPMuxDefault joins muxes to one.
func NewMultiUDPMuxDefault(muxes ...UDPMux) *MultiUDPMuxDefault {
	return &MultiUDPMuxDefault{slices.Clone(muxes)}
}

// Close closes all sockets and returns the first error.
func (m *MultiUDPMuxDefault) Close() error {
	var errs []error
	for _, one := range m.muxes {
		errs = append(errs, one.Close())
	}
	return errors.Join(errs...)
}

// RemoveConnByUfrag implements UDPMux.
func (m *MultiUDPMuxDefault) RemoveConnByUfrag(ufrag string) {
	for _, one := range m.muxes {
		one.RemoveConnByUfrag(ufrag)
	}
}

// GetListenAddresses implements UDPMux.
func (m *MultiUDPMuxDefault) GetListenAddresses() (all []net.Addr) {
	for _, one := range m.muxes {
		all = append(all, one.GetListenAddresses()...)
	}
	return all
}

// Counters returns the sums over all addresses; a connection counts at each.
func (m *MultiUDPMuxDefault) Counters() (sum UDPMuxCounters) {
	for _, p := range m.ports() {
		c := p.Counters()
		sum.Strangers += c.Strangers
		sum.UnknownUfrags += c.UnknownUfrags
		sum.Malformed += c.Malformed
		sum.Conflicts += c.Conflicts
		sum.Connections += c.Connections
		sum.Addresses += c.Addresses
	}
	return sum
}

func (m *MultiUDPMuxDefault) ports() (all []*mux.Port) {
	for _, one := range m.muxes {
		all = append(all, one.ports()...)
	}
	return all
}

// UDPMuxFromPortOption is an option of NewMultiUDPMuxFromPort.
type UDPMuxFromPortOption interface{ apply(*udpMuxFromPort) }

type udpMuxFromPort struct {
	rules   addressRules
	network Network
	sockets int
	logger  logging.LeveledLogger
}

type udpMuxOption func(*udpMuxFromPort)

func (o udpMuxOption) apply(f *udpMuxFromPort) { o(f) }

// UDPMuxFromPortWithInterfaceFilter takes the addresses of interfaces that f, given
// their names, returns true for.
func UDPMuxFromPortWithInterfaceFilter(f func(string) (keep bool)) UDPMuxFromPortOption {
	return udpMuxOption(func(m *udpMuxFromPort) { m.rules.interfaceFilter = f })
}

// UDPMuxFromPortWithIPFilter takes the addresses that f returns true for.
func UDPMuxFromPortWithIPFilter(f func(ip net.IP) (keep bool)) UDPMuxFromPortOption {
	return udpMuxOption(func(m *udpMuxFromPort) {
		m.rules.ipFilter = nil
		if f != nil {
			m.rules.ipFilter = func(a netip.Addr) bool { return f(a.AsSlice()) }
		}
	})
}

// UDPMuxFromPortWithNetworks says which IP versions to open sockets for; by default
// both. TCP is ignored.
func UDPMuxFromPortWithNetworks(networks ...NetworkType) UDPMuxFromPortOption {
	return udpMuxOption(func(m *udpMuxFromPort) { m.rules.networkTypes = slices.Clone(networks) })
}

// UDPMuxFromPortWithLoopback takes loopback addresses, too.
func UDPMuxFromPortWithLoopback() UDPMuxFromPortOption {
	return udpMuxOption(func(m *udpMuxFromPort) { m.rules.loopback = true })
}

// UDPMuxFromPortWithReadBufferSize is there for programs that call it and does
// nothing: sockets ask for 4 MiB in any case.
func UDPMuxFromPortWithReadBufferSize(int) UDPMuxFromPortOption {
	return udpMuxOption(func(*udpMuxFromPort) {})
}

// UDPMuxFromPortWithWriteBufferSize does nothing, as
// UDPMuxFromPortWithReadBufferSize.
func UDPMuxFromPortWithWriteBufferSize(int) UDPMuxFromPortOption {
	return udpMuxOption(func(*udpMuxFromPort) {})
}

// UDPMuxFromPortWithLogger sets where addresses without a socket are noted; nil
// discards it.
func UDPMuxFromPortWithLogger(logger logging.LeveledLogger) UDPMuxFromPortOption {
	return udpMuxOption(func(m *udpMuxFromPort) { m.logger = logger })
}

// UDPMuxFromPortWithNetwork opens the sockets on another network than the host's.
func UDPMuxFromPortWithNetwork(network Network) UDPMuxFromPortOption {
	return udpMuxOption(func(m *udpMuxFromPort) { m.network = network })
}

// UDPMuxFromPortWithSockets opens n sockets on each address, over which Linux
// spreads the peers by their addresses: one for each core that is to share the
// work. The default is 1, and so it is elsewhere and on a network of
// UDPMuxFromPortWithNetwork.
func UDPMuxFromPortWithSockets(n int) UDPMuxFromPortOption {
	return udpMuxOption(func(m *udpMuxFromPort) { m.sockets = max(n, 1) })
}

// NewMultiUDPMuxFromPort opens sockets on the port, 1 to 65535, of every address of
// the host that connections would gather. An address on which none can be opened is
// left out; its error is returned if that leaves no socket.
func NewMultiUDPMuxFromPort(port int, opts ...UDPMuxFromPortOption) (*MultiUDPMuxDefault, error) {
	if port < 1 || port > 65535 {
		return nil, fmt.Errorf("UDP port %d, want 1 to 65535", port)
	}
	f := udpMuxFromPort{sockets: 1}
	for _, o := range opts {
		o.apply(&f)
	}
	network := f.network
	if network == nil {
		network = udp.System()
	}
	interfaces, err := network.Interfaces()
	if err != nil {
		return nil, fmt.Errorf("network interfaces cannot be listed: %w", err)
	}
	m, failed := &MultiUDPMuxDefault{}, errors.New("the host has no address to listen on")
	for _, a := range f.rules.selectAddresses(interfaces) {
		conns, err := f.listen(netip.AddrPortFrom(a.ip, uint16(port)))
		if err != nil {
			failed = err
			if f.logger != nil {
				f.logger.Warnf("no socket on %s, port %d: %v", a.ip, port, err)
			}
			continue
		}
		m.muxes = append(m.muxes, NewUDPMux(conns...))
	}
	if len(m.muxes) == 0 {
		return nil, fmt.Errorf("no socket on UDP port %d: %w", port, failed)
	}
	return m, nil
}

func (f *udpMuxFromPort) listen(local netip.AddrPort) ([]PacketConn, error) {
	if f.network != nil {
		c, err := f.network.ListenUDP(local)
		return []PacketConn{c}, err
	}
	return udp.ListenShared(local, f.sockets)
}
