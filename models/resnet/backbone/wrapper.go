package backbone

import (
	"slices"
	"strings"
)

// unwrapped takes off a tensor's name what training programs put before it: the names of modules around the network
// (Lightning's model., a detector's backbone., self-supervised learning's encoder.), of what wraps a module (DataParallel's
// module., torch.compile's _orig_mod.), and of a checkpoint's parts.
func unwrapped(name string, except ...string) string {
	for {
		rest := name
		for _, wrapper := range []string{
			"module.", "_orig_mod.", "state_dict.", "state_dict_ema.", "model.", "backbone.", "encoder.", "net.", "network.",
		} {
			if !slices.Contains(except, wrapper) {
				rest = strings.TrimPrefix(rest, wrapper)
			}
		}
		if rest == name {
			return name
		}
		name = rest
	}
}
