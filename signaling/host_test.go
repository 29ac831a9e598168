package signaling

import "fmt"

// host returns host candidate number n.
func host(n int) string {
	return fmt.Sprintf("%d 1 udp 2130706431 192.0.2.%d %d typ host", n, n%250+1, 40000+n)
}
