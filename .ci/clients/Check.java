import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.util.Arrays;
import java.util.Objects;
import org.openapitools.client.model.Operation;
import org.openapitools.client.model.OperationState;

/** Tells by the bodies alone which booking was made (the first file) and which is unknown (the second). */
class Check {
    public static void main(String[] files) throws Exception {
        ObjectMapper mapper = new ObjectMapper();
        Operation made = mapper.readValue(new File(files[0]), Operation.class);
        Operation open = mapper.readValue(new File(files[1]), Operation.class);
        require(made.getState() == OperationState.SUCCEEDED, "the first has not succeeded");
        require(made.getOrder() != null && made.getOrder().getOrderId() != null, "the first has no order");
        require(results(made) == 1, "the first has more than one result");
        require(open.getState() == OperationState.UNKNOWN, "the second is not unknown");
        require(results(open) == 0, "the second has a result");
        System.out.println("Java: " + made.getOrder().getOrderId() + " was made, " + open.getId() + " is unknown");
    }

    /** How many of the four members that can hold a result are not null. */
    private static long results(Operation operation) {
        return Arrays.asList(operation.getOrder(), operation.getRefund(), operation.getChange(), operation.getRaw())
            .stream().filter(Objects::nonNull).count();
    }

    private static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new AssertionError(otherwise);
        }
    }
}
