package ice

import "slices"

// redirect turns t to the server that a 300 response names. RFC 8489 §10: it is
// asked over the same transport and with the same credentials, its address is "of
// the same family", its certificate is for the domain that the response has, or for
// that of before; and one that was asked already is not asked again: the client
// "MUST ignore the redirection and consider the transaction to have failed".
func (t *relayTarget) redirect(e turnEvent) bool {
	if to := e.alternate; !to.IsValid() || to.Addr().Is4() != t.server.Addr().Is4() || to == t.server || slices.Contains(t.visited, to) {
		return false
	}
	t.visited = append(slices.Clone(t.visited), t.server)
	t.server = e.alternate
	if e.domain != "" {
		t.domain = e.domain
	}
	return true
}
