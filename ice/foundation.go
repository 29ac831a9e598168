package ice

import (
	"hash/crc32"
	"net/netip"
	"strconv"
)

// A foundationKey holds what two candidates must share to have the same
// foundation (RFC 8445 §5.1.1.3): type, base address without the port,
// transport protocol and, unless they are host candidates, the server.
type foundationKey struct {
	typ      CandidateType
	base     netip.Addr
	protocol string
	server   string
}

// foundations hands out foundations: small numbers in the order of first use.
// Numbers tell the peer nothing about the addresses behind them, as the hash
// of an address would (draft-ietf-mmusic-mdns-ice-candidates §3.3).
type foundations struct{ byKey map[foundationKey]string }

// of returns the foundation for k, the same at every call.
func (f *foundations) of(k foundationKey) string {
	if s, ok := f.byKey[k]; ok {
		return s
	}
	if f.byKey == nil {
		f.byKey = map[foundationKey]string{}
	}
	s := strconv.Itoa(len(f.byKey) + 1)
	f.byKey[k] = s
	return s
}

// hashFoundation returns a foundation for a candidate that is made without a
// gatherer: equal keys give equal foundations in every process.
func hashFoundation(typ CandidateType, base, protocol string) string {
	sum := crc32.ChecksumIEEE([]byte(typ.String() + " " + base + " " + protocol))
	return strconv.FormatUint(uint64(sum), 10)
}
