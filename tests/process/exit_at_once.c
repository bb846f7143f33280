// The cheapest program there is: what the launch itself costs is all that shows. Statically linked.
int main(void) { return 0; }
