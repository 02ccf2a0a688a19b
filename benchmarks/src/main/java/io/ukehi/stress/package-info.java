/** jcstress tests: what several threads share, raced in earnest. */
package io.ukehi.stress;
